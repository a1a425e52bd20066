using System.Globalization;
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
        ("CacheProxy:Policies:customer:WriteDeadline", "00:00:02"),
        ("CacheProxy:Policies:customer:Tags:0", "customer-{id}"),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_read_that_begins_after_a_purge_returns_what_was_stored_before_it(bool onCluster)
    {
        await using var server = onCluster ? null : await RedisServer.StartAsync();
        await using var cluster = onCluster ? await RedisCluster.StartAsync() : null;
        var redis = cluster?.ConnectionString ?? server!.ConnectionString;
        await using var api = await StubApi.StartAsync();
        await using var one = await ProxyUnderTest.StartAsync(api.Address, Settings, redis);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, Settings, redis);
        var settings = LongRunSettings.FromEnvironment(Seconds);
        var run = new LongRun(api, settings, LongRunPromise.BestEffort, new RedisHistory(), new InProcessHost(one), new InProcessHost(other));
        var purges = new PurgedWrites(run, new Random(settings.Seed), one, other);

        await run.GoOnAsync(purges.GoOnAsync);

        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Long run, purges on {(onCluster ? "three nodes" : "one Redis")}: {purges.Count} purges, {run.Counts}, {run.Violations.Count} violations ({settings.Duration.TotalSeconds} s, {LongRunSettings.SeedVariable}={settings.Seed})");
        output.WriteLine(text);
        Console.WriteLine(text);
        Assert.True(run.Violations.Count == 0, text + "\n" + string.Join('\n', run.Violations.Take(20)));
        Assert.NotEqual(0, run.Counts.Hits);
        Assert.NotEqual(0, purges.Count);
    }
}
