using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.LongRuns;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>The whole product on a primary with a replica, while a sentinel changes their places under load.</summary>
[Collection(nameof(TopologyCollection))]
[Trait("Category", "Topology")]
public sealed class SentinelUnderLoadTests
{
    private static readonly string[] Customers = ["1", "2", "3", "4"];

    [Theory]
    [InlineData(false, RespProtocols.Resp2, 0)]
    [InlineData(true, RespProtocols.Resp3, 1_000)]
    public async Task A_primary_that_is_demoted_under_load_is_left_and_no_read_is_outdated(bool sentinelsAreNamed, string protocol, int memoryTtlMs)
    {
        await using var group = await RedisSentinelGroup.StartAsync();
        await using var api = await StubApi.StartAsync();
        var redis = (sentinelsAreNamed ? group.SentinelConnectionString : group.NodesConnectionString) + protocol;
        (string, string?)[] settings = [.. LoadedProxy.Strict, LoadedProxy.Holding(memoryTtlMs)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, redis);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, redis);
        await using var load = VersionedLoad.Start(api, [one, other], Customers, holding: memoryTtlMs > 0);
        await load.AllAreServedFromTheCacheAsync();

        await group.SendAsync("SENTINEL", "FAILOVER", RedisSentinelGroup.ServiceName);
        await Eventually.TrueAsync(async () => await group.PrimaryPortAsync() == group.Second.Port);
        // Its replication does not run scripts, only what they changed.
        await Eventually.TrueAsync(
            async () => (await group.Second.TextAsync("INFO", "commandstats"))!.Contains("cmdstat_evalsha:", StringComparison.Ordinal));
        await load.GoOnAsync(500);
        await load.AllAreServedFromTheCacheAsync();
        await load.StopAsync();

        Assert.Empty(load.Outdated);
        Assert.Empty(load.Failures);
        Assert.True(load.Copies > 0 || memoryTtlMs == 0);
    }

    // Each with the MemoryTtl in milliseconds; 0 for no copies.
    public static TheoryData<bool, bool, string, int> Deaths =>
    [
        (false, true, RespProtocols.Resp3, 0),
        (true, false, RespProtocols.Resp2, 0),
        .. LongRunSettings.IsLong ? [(true, true, RespProtocols.Resp2, 1_000)] : Array.Empty<(bool, bool, string, int)>(),
    ];

    [Theory, MemberData(nameof(Deaths))]
    public async Task A_primary_that_dies_under_load_is_replaced_and_no_read_is_outdated_even_when_it_returns(
        bool sentinelsAreNamed, bool strict, string protocol, int memoryTtlMs)
    {
        await using var group = await RedisSentinelGroup.StartAsync();
        await using var api = await StubApi.StartAsync();
        (string, string?)[] settings = [.. strict ? LoadedProxy.Strict : LoadedProxy.BestEffort, LoadedProxy.Holding(memoryTtlMs)];
        var redis = (sentinelsAreNamed ? group.SentinelConnectionString : group.NodesConnectionString) + protocol;
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, redis);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, redis);
        // Without its fence a write is only known to the proxy that it went through: the promise for the others needs a strict policy.
        ProxyUnderTest[] proxies = strict ? [one, other] : [one];
        await using var load = VersionedLoad.Start(api, proxies, Customers, holding: memoryTtlMs > 0);
        await load.AllAreServedFromTheCacheAsync();

        // With what it holds now it will return.
        await group.First.SaveAsync();
        await group.First.KillAsync();
        await load.GoOnAsync(500);
        await load.AllAreServedFromTheCacheAsync();

        // It claims to be the primary until the sentinel demotes it.
        await group.First.RestartAsync();
        await load.GoOnAsync(500);
        await Eventually.TrueAsync(async () => await RedisSentinelGroup.RoleAsync(group.First) == "slave/connected");
        await load.GoOnAsync(500);
        await load.AllAreServedFromTheCacheAsync();
        await load.StopAsync();

        Assert.Empty(load.Outdated);
        Assert.Empty(load.Failures);
        Assert.True(strict || load.RefusedWrites == 0);
        Assert.True(load.Copies > 0 || memoryTtlMs == 0);
    }
}
