using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.LongRuns;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>The whole product on a Redis Cluster that changes under load.</summary>
[Collection(nameof(TopologyCollection))]
[Trait("Category", "Topology")]
public sealed class ClusterUnderLoadTests
{
    private const int CustomersPerPrimary = 2;

    [Theory]
    [InlineData(RespProtocols.Resp3, 0)]
    [InlineData(RespProtocols.Resp2, 1_000)]
    public async Task Slots_that_move_under_load_are_followed_and_no_read_is_outdated(string protocol, int memoryTtlMs)
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var api = await StubApi.StartAsync();
        (string, string?)[] settings = [.. LoadedProxy.BestEffort, LoadedProxy.Holding(memoryTtlMs)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, cluster.ConnectionString + protocol);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, cluster.ConnectionString + protocol);
        var ids = await CustomersOfEachPrimaryAsync(cluster);
        await using var load = VersionedLoad.Start(api, [one, other], ids, holding: memoryTtlMs > 0);
        await load.AllAreServedFromTheCacheAsync();

        foreach (var id in ids)
        {
            var key = LoadedProxy.KeyOf(id);
            var from = await cluster.FirstOwnerAsync(key);
            var to = (from + 1) % 3;
            await cluster.MoveSlotAsync(await cluster.SlotAsync(key), from, to, () => load.GoOnAsync(100));
        }

        await load.AllAreServedFromTheCacheAsync();
        await load.StopAsync();
        Assert.Empty(load.Outdated);
        Assert.Empty(load.Failures);
        Assert.Equal(0, load.RefusedWrites);
        Assert.True(load.Copies > 0 || memoryTtlMs == 0);
    }

    // Each with the MemoryTtl in milliseconds; 0 for no copies.
    public static TheoryData<bool, string, int> Deaths =>
    [
        (false, RespProtocols.Resp3, 0),
        (true, RespProtocols.Resp2, 0),
        .. LongRunSettings.IsLong ? [(true, RespProtocols.Resp3, 1_000)] : Array.Empty<(bool, string, int)>(),
    ];

    [Theory, MemberData(nameof(Deaths))]
    public async Task A_primary_that_dies_under_load_is_replaced_and_no_read_is_outdated(bool strict, string protocol, int memoryTtlMs)
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var api = await StubApi.StartAsync();
        (string, string?)[] settings = [.. strict ? LoadedProxy.Strict : LoadedProxy.BestEffort, LoadedProxy.Holding(memoryTtlMs)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, cluster.ConnectionString + protocol);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, cluster.ConnectionString + protocol);
        // Without its fence a write is only known to the proxy that it went through: the promise for the others needs a strict policy.
        ProxyUnderTest[] proxies = strict ? [one, other] : [one];
        await using var load = VersionedLoad.Start(api, proxies, await CustomersOfEachPrimaryAsync(cluster), holding: memoryTtlMs > 0);
        await load.AllAreServedFromTheCacheAsync();

        await cluster.Primaries[0].KillAsync();
        await load.GoOnAsync(500);
        await load.AllAreServedFromTheCacheAsync();
        await load.StopAsync();

        Assert.Empty(load.Outdated);
        Assert.Empty(load.Failures);
        Assert.True(strict || load.RefusedWrites == 0);
        Assert.True(load.Copies > 0 || memoryTtlMs == 0);
    }

    [Theory]
    [InlineData(RespProtocols.Resp3)]
    [InlineData(RespProtocols.Resp2)]
    public async Task Steady_traffic_to_a_node_that_is_dead_keeps_no_other_nodes_hits_away(string protocol)
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, LoadedProxy.BestEffort, cluster.ConnectionString + protocol);
        var ids = await CustomersOfEachPrimaryAsync(cluster);
        var dead = ids[^1];
        var live = ids[..^CustomersPerPrimary];
        await cluster.Primaries[^1].KillAsync();
        await Eventually.TrueAsync(async () => (await ReadAsync(proxy, dead)).CacheStatus.Contains("store-unavailable", StringComparison.Ordinal));
        foreach (var id in live)
        {
            await Eventually.TrueAsync(async () => (await ReadAsync(proxy, id)).IsHit);
        }

        for (var i = 0; i < 50; i++)
        {
            Assert.Contains("store-unavailable", (await ReadAsync(proxy, dead)).CacheStatus, StringComparison.Ordinal);
            Assert.All(await Task.WhenAll(live.Select(id => ReadAsync(proxy, id))), static answer => Assert.True(answer.IsHit, answer.CacheStatus));
        }
    }

    private static Task<ClientAnswer> ReadAsync(ProxyUnderTest proxy, string id) => proxy.AskAsync("/api/customers/" + id);

    private static async Task<string[]> CustomersOfEachPrimaryAsync(RedisCluster cluster)
    {
        var ids = new List<string>[] { [], [], [] };
        for (var number = 1; ids.Any(static some => some.Count < CustomersPerPrimary); number++)
        {
            var id = number.ToString(CultureInfo.InvariantCulture);
            var some = ids[await cluster.FirstOwnerAsync(LoadedProxy.KeyOf(id))];
            if (some.Count < CustomersPerPrimary)
            {
                some.Add(id);
            }
        }

        return [.. ids.SelectMany(static some => some)];
    }
}
