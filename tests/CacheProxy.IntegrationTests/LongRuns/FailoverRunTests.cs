using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.IntegrationTests.Topologies;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>Readers and writers through replicas that hold copies, while a sentinel changes the places of primary and replica again and again.</summary>
[Trait("Category", "LongRun")]
[Collection(nameof(TopologyCollection))]
public sealed class FailoverRunTests(ITestOutputHelper output)
{
    private const int Seconds = 6;
    private const int BetweenTroublesMs = 2_500;

    // Replicas, and the MemoryTtl in milliseconds.
    public static TheoryData<int, string, int> Replicas =>
    [
        (2, RespProtocols.Resp3, 1_000),
        .. LongRunSettings.IsLong ? [(3, RespProtocols.Resp2, 2_000), (2, RespProtocols.Resp3, 0)] : Array.Empty<(int, string, int)>(),
    ];

    [Theory, MemberData(nameof(Replicas))]
    public async Task Primaries_that_are_demoted_again_and_again_break_no_promise(int count, string protocol, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        await using var group = await RedisSentinelGroup.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad().Holding(memoryTtlMs);
        var settings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        (string, string?)[] configuration =
        [
            ("Serilog:MinimumLevel:Default", "Information"), ("CacheProxy:Policies:customer:WriteConsistency", "Strict"), .. load.Settings,
        ];
        await using var proxies = new Proxies();
        for (var i = 0; i < count; i++)
        {
            proxies.Add(await ProxyUnderTest.StartAsync(api.Address, configuration, group.SentinelConnectionString + protocol));
        }

        var redis = new RedisHistory();
        var run = new LongRun(api, settings, LongRunPromise.Strict, redis, [.. proxies.Select(static proxy => new InProcessHost(proxy))]);
        var random = new Random(settings.Seed);

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                // Fences that were set on the old primary alone go with it.
                redis.Ending();
                await DemoteAsync(group);
                await Eventually.TrueAsync(() => proxies.All(static proxy => proxy.IsStoreAvailable));
                redis.Returned();
            }
        });

        await run.ConcludeAsync($"{count} replicas{protocol}, a primary demoted {redis.Kills} times", output, byWriting: true);
    }

    private static async Task DemoteAsync(RedisSentinelGroup group)
    {
        var before = await group.PrimaryPortAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await group.SendAsync("SENTINEL", "FAILOVER", RedisSentinelGroup.ServiceName);
                return true;
            }
            catch (RespException)
            {
                // The last one is not over yet, or the sentinel has not seen the replica again.
                return false;
            }
        });
        await Eventually.TrueAsync(async () => await group.PrimaryPortAsync() != before);
        var demoted = group.First.Port == before ? group.First : group.Second;
        await Eventually.TrueAsync(async () => await RedisSentinelGroup.RoleAsync(demoted) == "slave/connected");
    }

    private sealed class Proxies : List<ProxyUnderTest>, IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var proxy in this)
            {
                await proxy.DisposeAsync();
            }
        }
    }
}
