using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>The store on more than one Redis: a replica that is promoted, and a cluster of three.</summary>
public abstract class RedisStoreTopologyTests(string protocol)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_promoted_replica_is_found_and_the_old_primary_is_read_no_more()
    {
        await using var first = await RedisServer.StartAsync();
        await using var second = await RedisServer.StartAsync();
        await second.SendAsync("REPLICAOF", "127.0.0.1", Text(first.Port));
        await using var store = Open(first.ConnectionString + "," + second.ConnectionString);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        await FillAsync(store, Key("a"));
        Assert.Equal(1, await first.NumberAsync("EXISTS", "a"));

        await second.SendAsync("REPLICAOF", "NO", "ONE");
        await first.SendAsync("REPLICAOF", "127.0.0.1", Text(second.Port));

        // The first write that is refused tells; then the store looks for the new primary by itself.
        await Eventually.TrueAsync(() => TryWriteAsync(store, Key("b")), "It did not follow.");
        await FillAsync(store, Key("c"));
        Assert.Equal(1, await second.NumberAsync("EXISTS", "c"));

        await first.KillAsync();
        await Eventually.TrueAsync(() => TryWriteAsync(store, Key("d")), "It did not do without the replica.");
    }

    [Fact]
    public async Task A_primary_that_dies_is_followed_by_its_promoted_replica()
    {
        await using var first = await RedisServer.StartAsync();
        await using var second = await RedisServer.StartAsync();
        await second.SendAsync("REPLICAOF", "127.0.0.1", Text(first.Port));
        await using var store = Open(first.ConnectionString + "," + second.ConnectionString);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        await FillAsync(store, Key("a"));

        await first.KillAsync();
        Assert.False(await TryWriteAsync(store, Key("a")));
        Assert.Equal(LookUpOutcome.Unavailable, (await store.LookUpAsync(Key("a"), VariantKey.Plain, new(Long))).Outcome);

        await second.SendAsync("REPLICAOF", "NO", "ONE");
        await Eventually.TrueAsync(() => TryWriteAsync(store, Key("b")), "It did not follow.");
        await FillAsync(store, Key("c"));
    }

    [Fact]
    public async Task In_a_cluster_every_key_has_its_node_and_a_node_that_dies_takes_only_its_own_keys()
    {
        string[] clustered = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no", "--cluster-node-timeout", "2000"];
        await using var one = await RedisServer.StartAsync(clustered);
        await using var two = await RedisServer.StartAsync(clustered);
        await using var three = await RedisServer.StartAsync(clustered);
        await one.SendAsync("CLUSTER", "ADDSLOTSRANGE", "0", "5460");
        await two.SendAsync("CLUSTER", "ADDSLOTSRANGE", "5461", "10922");
        await three.SendAsync("CLUSTER", "ADDSLOTSRANGE", "10923", "16383");
        await one.SendAsync("CLUSTER", "MEET", "127.0.0.1", Text(two.Port));
        await one.SendAsync("CLUSTER", "MEET", "127.0.0.1", Text(three.Port));
        foreach (var node in new[] { one, two, three })
        {
            await UntilAsync(async () => (await node.TextAsync("CLUSTER", "INFO"))!.Contains("cluster_slots_ok:16384", StringComparison.Ordinal));
        }

        await using var store = Open(one.ConnectionString);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        for (var i = 0; i < 50; i++)
        {
            // Each node is connected to when the client library has learnt of it.
            var key = Key("demo:customer:" + Text(i));
            await Eventually.TrueAsync(() => TryWriteAsync(store, key), "A node was not found.");
            // Until the node has told its replication id, what is stored there is not trusted.
            await Eventually.TrueAsync(() => TryFillAsync(store, key), "A node was not asked.");
        }

        for (var i = 0; i < 20; i++)
        {
            var tag = Key("tag|demo|" + Text(i));
            var drawn = await store.OpenTagAsync(tag, Long, new(Long));
            var found = await store.LookUpTagAsync(tag, new(Long));
            Assert.Equal((TagOutcome.InForce, drawn.Generation), (found.Outcome, found.Generation));
            Assert.True(await TryWriteAsync(store, tag));
            Assert.Equal(TagOutcome.Absent, (await store.LookUpTagAsync(tag, new(Long))).Outcome);
        }

        Assert.NotEqual(0, await one.NumberAsync("DBSIZE"));
        Assert.NotEqual(0, await two.NumberAsync("DBSIZE"));
        Assert.NotEqual(0, await three.NumberAsync("DBSIZE"));

        await three.KillAsync();
        for (var i = 0; i < 50; i++)
        {
            var key = Key("demo:customer:" + Text(i));
            var slot = await one.NumberAsync("CLUSTER", "KEYSLOT", key.Value);
            await UntilAsync(async () =>
                (await store.LookUpAsync(key, VariantKey.Plain, new(Long))).Outcome == (slot > 10922 ? LookUpOutcome.Unavailable : LookUpOutcome.Found));
            Assert.Equal(slot <= 10922, await TryWriteAsync(store, key));
        }

        Assert.True(store.IsAvailable);
    }

    private RedisStore Open(string connectionString) => new(
        new RedisOptions { ConnectionString = connectionString + protocol, Timeout = TimeSpan.FromSeconds(1) }, TimeProvider.System, NullLogger<RedisStore>.Instance);

    private static ResourceKey Key(string key) => new(key);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<bool> TryWriteAsync(ICacheStore store, ResourceKey key) =>
        (await store.BeginWriteAsync(key, "w", Long, new(Long))).Outcome == StoreOutcome.Done
        && (await store.EndWriteAsync(key, "w", WriteResult.Changed, new(Long))).Outcome == StoreOutcome.Done;

    private static async Task FillAsync(ICacheStore store, ResourceKey key) => Assert.True(await TryFillAsync(store, key));

    private static async Task<bool> TryFillAsync(ICacheStore store, ResourceKey key)
    {
        var seen = (await store.LookUpAsync(key, VariantKey.Plain, new(Long))).Stamp;
        var lease = new FillLease(store.NewFillToken(key), VariantKey.Plain, seen, TimeSpan.FromSeconds(60), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await store.BeginFillAsync(key, lease, new(Long)));
        var response = RedisStores.Entry(store);
        var result = new FillResult(VariantKey.Plain, "", response, TimeSpan.FromSeconds(300), 64);
        return await store.CompleteFillAsync(key, lease, result, new(Long)) == CompleteFillOutcome.Stored;
    }

    private static Task UntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(condition, "It did not come about.");
}

public sealed class RedisStoreTopologyResp3Tests() : RedisStoreTopologyTests(RespProtocols.Resp3);

public sealed class RedisStoreTopologyResp2Tests() : RedisStoreTopologyTests(RespProtocols.Resp2);
