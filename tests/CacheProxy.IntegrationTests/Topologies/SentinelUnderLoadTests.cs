using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>The whole product on a primary with a replica, while a sentinel changes their places under load.</summary>
[Collection(nameof(TopologyCollection))]
[Trait("Category", "Topology")]
public sealed class SentinelUnderLoadTests
{
    private static readonly string[] Customers = ["1", "2", "3", "4"];

    [Theory]
    [InlineData(false, RespProtocols.Resp2)]
    [InlineData(true, RespProtocols.Resp3)]
    public async Task A_primary_that_is_demoted_under_load_is_left_and_no_read_is_outdated(bool sentinelsAreNamed, string protocol)
    {
        await using var group = await RedisSentinelGroup.StartAsync();
        await using var api = await StubApi.StartAsync();
        var redis = (sentinelsAreNamed ? group.SentinelConnectionString : group.NodesConnectionString) + protocol;
        await using var one = await ProxyUnderTest.StartAsync(api.Address, LoadedProxy.Strict, redis);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, LoadedProxy.Strict, redis);
        await using var load = VersionedLoad.Start(api, [one, other], Customers);
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
    }

    [Theory]
    [InlineData(false, true, RespProtocols.Resp3)]
    [InlineData(true, false, RespProtocols.Resp2)]
    public async Task A_primary_that_dies_under_load_is_replaced_and_no_read_is_outdated_even_when_it_returns(
        bool sentinelsAreNamed, bool strict, string protocol)
    {
        await using var group = await RedisSentinelGroup.StartAsync();
        await using var api = await StubApi.StartAsync();
        var settings = strict ? LoadedProxy.Strict : LoadedProxy.BestEffort;
        var redis = (sentinelsAreNamed ? group.SentinelConnectionString : group.NodesConnectionString) + protocol;
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, redis);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, redis);
        // Without its fence a write is only known to the proxy that it went through: the promise for the others needs a strict policy.
        ProxyUnderTest[] proxies = strict ? [one, other] : [one];
        await using var load = VersionedLoad.Start(api, proxies, Customers);
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
    }
}
