using System.Text;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>Erasing a tenant whose keys are on several nodes, and while some of them move from one to another.</summary>
[Collection(nameof(TopologyCollection))]
public sealed class ClusterErasureTests
{
    private const int Customers = 60;
    private static readonly StoreTimeoutBudget Budget = new(TimeSpan.FromSeconds(60));

    [Fact]
    public async Task A_tenant_is_erased_on_every_node_while_keys_move_between_them_and_a_node_that_is_away_is_told()
    {
        await using var cluster = await RedisCluster.StartAsync();
        var tenants = new TenantKeys();
        tenants.Use([KeyTemplate.TryParse("{tenant}:customer:{id}", out var template, out _) ? template! : throw new InvalidOperationException()]);
        var options = new RedisOptions { ConnectionString = cluster.ConnectionString, Timeout = TimeSpan.FromSeconds(10) };
        await using var store = new RedisStore(options, TimeProvider.System, NullLogger<RedisStore>.Instance);
        using var copies = new LocalCopies(TimeProvider.System, tenants);
        var pending = new PendingEvictions(TimeProvider.System, NullLogger<PendingEvictions>.Instance);
        var cache = new ResourceCache(store, pending, copies, new VaryHints(), new AbsentKeys(), tenants: tenants);
        Assert.True(TenantName.TryParse("demo", out var demo));
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");

        await FillAllAsync(store);
        var erasure = await cache.EraseAsync(demo, null, TestContext.Current.CancellationToken);
        Assert.True(erasure.IsComplete);
        Assert.InRange(erasure.Resources, Customers, 2 * Customers);
        Assert.Equal(0, await KeysAsync(cluster));

        // Each time the slot moves a step, the tenant has been filled again, and is erased.
        var slot = await cluster.SlotAsync("demo:customer:1");
        var from = await cluster.FirstOwnerAsync("demo:customer:1");
        await cluster.MoveSlotAsync(slot, from, (from + 1) % 3, async () =>
        {
            await FillAllAsync(store);
            Assert.True((await cache.EraseAsync(demo, null, TestContext.Current.CancellationToken)).IsComplete);
            Assert.Equal(0, await KeysAsync(cluster));
        });

        await cluster.Primaries[2].KillAsync();
        await Eventually.TrueAsync(async () => !(await cache.EraseAsync(demo, null, TestContext.Current.CancellationToken)).IsComplete);
    }

    private static async Task FillAllAsync(RedisStore store)
    {
        for (var i = 0; i < Customers; i++)
        {
            var key = new ResourceKey($"demo:customer:{i}");
            await Eventually.TrueAsync(() => TryFillAsync(store, key));
        }
    }

    private static async Task<bool> TryFillAsync(RedisStore store, ResourceKey key)
    {
        var lease = new FillLease(store.NewFillToken(key), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: false);
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = Encoding.UTF8.GetBytes("{}"),
            ResponseTimeMs = store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "localhost /",
        };
        return await store.BeginFillAsync(key, lease, Budget) is BeginFillOutcome.Granted or BeginFillOutcome.Changed
            && await store.CompleteFillAsync(key, lease, new FillResult(VariantKey.Plain, "", response, TimeSpan.FromMinutes(5), 64), Budget) != CompleteFillOutcome.Unavailable;
    }

    private static async Task<long> KeysAsync(RedisCluster cluster)
    {
        var keys = 0L;
        foreach (var node in cluster.Primaries)
        {
            keys += await node.NumberAsync("DBSIZE");
        }

        return keys;
    }
}
