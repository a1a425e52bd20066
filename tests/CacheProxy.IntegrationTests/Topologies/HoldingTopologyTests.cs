using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Store;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>Copies that replicas hold while a primary is replaced, and on the nodes of a cluster.</summary>
[Collection(nameof(TopologyCollection))]
[Trait("Category", "Topology")]
public sealed class HoldingTopologyTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromSeconds(20));

    [Fact]
    public async Task A_new_primary_names_the_holders_that_it_knows_of_and_lets_writes_wait_for_the_others()
    {
        await using var group = await RedisSentinelGroup.StartAsync();
        await using var one = await OpenAsync(group.SentinelConnectionString);
        await using var other = await OpenAsync(group.SentinelConnectionString);
        var writer = new RecordedMessages(one);
        _ = new RecordedMessages(other, acknowledges: 8);
        await OpenChannelsAsync(one, other);
        var key = new ResourceKey("demo:customer:1");
        await FillAsync(one, key);
        await HoldAsync(other, key, 7);
        await Eventually.TrueAsync(async () => await group.Second.NumberAsync("HEXISTS", key.Value, "held:" + other.Channel!.Replica) == 1);

        await group.SendAsync("SENTINEL", "FAILOVER", RedisSentinelGroup.ServiceName);
        await Eventually.TrueAsync(async () => await group.PrimaryPortAsync() == group.Second.Port);
        WriteStep written = default;
        await Eventually.TrueAsync(
            async () => (written = await one.EndWriteAsync(key, "w", WriteResult.Changed, Budget)).Outcome == StoreOutcome.Done
                && written.Holders is [{ Left: var left }] && left == Lease,
            "The new primary was not used.");

        // By the clock of another Redis, so that all of it may be left.
        Assert.Equal(new Holder(other.Channel!.Replica, 7, Lease), Assert.Single(written.Holders!));
        Assert.InRange(written.Grace, Lease / 2, Lease * 1.1);

        // And they hear each other through the new one.
        await OpenChannelsAsync(one, other);
        await Eventually.TrueAsync(
            () =>
            {
                one.Channel!.Invalidate(key, other.Channel.Replica);
                return writer.Heard.Length > 0;
            },
            "Nothing was heard.");
    }

    [Fact]
    public async Task In_a_cluster_holders_on_every_node_hear_of_writes_and_stay_named_while_a_slot_moves()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var one = await OpenAsync(cluster.ConnectionString);
        await using var other = await OpenAsync(cluster.ConnectionString);
        var writer = new RecordedMessages(one);
        _ = new RecordedMessages(other, acknowledges: 8);
        await OpenChannelsAsync(one, other);
        var keys = new Dictionary<int, ResourceKey>();
        for (var i = 0; keys.Count < 3; i++)
        {
            var key = new ResourceKey("demo:customer:" + i.ToString(CultureInfo.InvariantCulture));
            keys[await cluster.FirstOwnerAsync(key.Value)] = key;
        }

        foreach (var key in keys.Values)
        {
            await FillAsync(one, key);
            await HoldAsync(other, key, 7);
            var begun = await one.BeginWriteAsync(key, "w", TimeSpan.FromMinutes(1), Budget);
            Assert.Equal((other.Channel!.Replica, 7), (Assert.Single(begun.Holders!).Replica, begun.Holders![0].Number));
            Assert.InRange(begun.Grace, Lease / 2, Lease * 1.1);
            await Eventually.TrueAsync(
                () => writer.Heard.Contains($"{other.Channel.Replica} serves {key.Value} from 8 on"), "The acknowledgement was not heard.");
        }

        // Each node tells since when it is in use.
        foreach (var primary in cluster.Primaries)
        {
            Assert.NotEmpty((object?[])(await primary.SendAsync("KEYS", "cacheproxy:since:*"))!);
        }

        await cluster.MoveSlotAsync(await cluster.SlotAsync(keys[0].Value), 0, 1, async () =>
            await Eventually.TrueAsync(async () => (await one.BeginWriteAsync(keys[0], "w", TimeSpan.FromMinutes(1), Budget)).Holders is { Length: 1 }));
    }

    private static async Task<RedisStore> OpenAsync(string connectionString)
    {
        var longest = new LongestLease();
        longest.Raise(Lease);
        var options = new RedisOptions { ConnectionString = connectionString + RespProtocols.Newest, Timeout = TimeSpan.FromSeconds(5) };
        var store = new RedisStore(options, TimeProvider.System, NullLogger<RedisStore>.Instance, longest: longest);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        return store;
    }

    private static async Task OpenChannelsAsync(params RedisStore[] stores)
    {
        foreach (var store in stores)
        {
            await Eventually.TrueAsync(() => store.Channel!.IsOpen, "It was not opened.");
        }
    }

    private static async Task HoldAsync(RedisStore store, ResourceKey key, long number) => await Eventually.TrueAsync(
        async () => (await store.HoldAsync(key, VariantKey.Plain, new HoldRequest(number, Lease), Budget)).IsHeld, "It is not held.");

    private static Task FillAsync(RedisStore store, ResourceKey key) => Eventually.TrueAsync(
        async () =>
        {
            // In a cluster, a node is asked for its replication id only once it is connected to.
            var seen = (await store.LookUpAsync(key, VariantKey.Plain, Budget)).Stamp;
            var lease = new FillLease(store.NewFillToken(key), VariantKey.Plain, seen, TimeSpan.FromSeconds(60), Exclusive: false);
            await store.BeginFillAsync(key, lease, Budget);
            var response = RedisStores.Entry(store, lifetimeMs: 3_000_000);
            var result = new FillResult(VariantKey.Plain, "", response, TimeSpan.FromHours(1), 64);
            return await store.CompleteFillAsync(key, lease, result, Budget) == CompleteFillOutcome.Stored;
        },
        "It was not stored.");
}
