using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Topologies;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>Purges of each kind while readers, fills and writers go on through two replicas.</summary>
[Trait("Category", "LongRun")]
[Collection(nameof(TopologyCollection))]
public sealed class PurgeRunTests(ITestOutputHelper output)
{
    private const int Seconds = 2;

    private static readonly (string Key, string? Value)[] Settings =
    [
        ("Serilog:MinimumLevel:Default", "Information"),
        ("CacheProxy:Redis:Timeout", "00:00:10"),
        ("CacheProxy:Policies:customer:Tags:0", "customer-{id}"),
    ];

    // Each with the MemoryTtl in milliseconds; 0 for no copies.
    public static TheoryData<bool, int> Servers =>
    [
        (false, 1_000),
        (true, 0),
        .. LongRunSettings.IsLong ? [(false, 0), (true, 1_000)] : Array.Empty<(bool, int)>(),
    ];

    [Theory, MemberData(nameof(Servers))]
    public async Task No_read_that_begins_after_a_purge_returns_what_was_stored_before_it(bool onCluster, int memoryTtlMs)
    {
        await using var server = onCluster ? null : await RedisServer.StartAsync();
        await using var cluster = onCluster ? await RedisCluster.StartAsync() : null;
        var redis = cluster?.ConnectionString ?? server!.ConnectionString;
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad().Holding(memoryTtlMs);
        (string, string?)[] configuration = [.. Settings, .. load.Settings];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, configuration, redis);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, configuration, redis);
        var settings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(api, settings, LongRunPromise.BestEffort, new RedisHistory(), new InProcessHost(one), new InProcessHost(other));
        var purges = new PurgedWrites(run, new Random(settings.Seed), memoryTtlMs == 0 ? 10 : 300, one, other);

        await run.GoOnAsync(purges.GoOnAsync);

        Assert.NotEqual(0, purges.Count);
        await run.ConcludeAsync($"purges on {(onCluster ? "three nodes" : "one Redis")}: {purges.Count} purges", output);
    }
}
