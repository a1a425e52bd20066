using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// Replicas that hold copies, each with a way of its own to Redis, on which what is published to it is lost, comes late or ends the connection.
/// <c>CACHEPROXY_LONG_RUN_SECONDS</c> says for how long.
/// </summary>
[Trait("Category", "LongRun")]
public sealed class CopiesRunTests(ITestOutputHelper output)
{
    private const int Seconds = 4;
    private const int LongestAbsenceMs = 400;
    private const int BetweenTroublesMs = 500;

    // Behind a cut way, and while Redis is away, nothing is held: it takes time until there are copies again.
    private const int CutsOneIn = 6;
    private const int RedisOneIn = 6;
    private const int FirstOfRedis = 3;

    // Replicas, whether one of them is killed now and then, and the MemoryTtl in milliseconds.
    public static TheoryData<int, bool, string, int> Replicas =>
    [
        (3, true, RespProtocols.Resp3, 1_000),
        .. LongRunSettings.IsLong
            ? [(2, false, RespProtocols.Resp2, 2_000), (3, false, RespProtocols.Resp2, 500), (2, true, RespProtocols.Resp3, 2_000)]
            : Array.Empty<(int, bool, string, int)>(),
    ];

    public static TheoryData<string, int, string, int> Consistencies =>
    [
        ("BestEffort", 3, RespProtocols.Resp2, 1_000),
        .. LongRunSettings.IsLong
            ? [("Strict", 3, RespProtocols.Resp3, 2_000), ("BestEffort", 2, RespProtocols.Resp3, 500), ("Strict", 2, RespProtocols.Resp2, 500)]
            : Array.Empty<(string, int, string, int)>(),
    ];

    [Theory, MemberData(nameof(Replicas))]
    public async Task Messages_that_are_lost_or_late_lead_to_no_read_of_what_a_write_has_replaced(int count, bool oneIsKilled, string protocol, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        var load = new LongRunLoad().Holding(memoryTtlMs);
        var settings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        // Long enough that no step fails: what a writer was told, every replica knows.
        (string, string?)[] configuration = [("Serilog:MinimumLevel:Default", "Information"), ("CacheProxy:Redis:Timeout", "00:00:10"), .. load.Settings];
        await using var scene = await RelayedReplicas.StartAsync(count, settings.Seed, cuts: false, oneIsKilled, configuration, protocol);
        var run = new LongRun(scene.Api, settings, load.Promise, new RedisHistory(), scene.Hosts);
        var random = new Random(settings.Seed);

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                scene.Turn();
                if (scene.Mortal is { } mortal && random.Next(3) == 0)
                {
                    await mortal.KillAsync();
                    await mortal.StartAgainAsync();
                }
            }
        });

        Assert.Contains(scene.Messages, static messages => messages.HasTroubled);
        await run.ConcludeAsync($"{count} replicas{protocol}, {MessageTrouble.Told(scene.Messages)}, a replica killed {scene.Mortal?.Kills ?? 0} times", output);
    }

    [Theory, MemberData(nameof(Consistencies))]
    public async Task Messages_ways_and_Redis_itself_may_all_fail_and_no_promise_is_broken(string consistency, int count, string protocol, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        var load = (new LongRunLoad { LeavesOneIn = 10 }).Holding(memoryTtlMs);
        var settings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        (string, string?)[] configuration =
        [
            ("Serilog:MinimumLevel:Default", "Information"), ("CacheProxy:Policies:customer:WriteConsistency", consistency), .. load.Settings,
        ];
        await using var scene = await RelayedReplicas.StartAsync(count, settings.Seed, cuts: true, oneIsKilled: false, configuration, protocol);
        var redis = new RedisHistory();
        var run = new LongRun(scene.Api, settings, Enum.Parse<LongRunPromise>(consistency), redis, scene.Hosts);
        var random = new Random(settings.Seed);

        await run.GoOnAsync(async over =>
        {
            for (var i = 1; !over.IsCancellationRequested; i++)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                scene.Turn();
                if (i % RedisOneIn == FirstOfRedis)
                {
                    await TroubleRedisAsync(scene.Redis, redis, random);
                    await Eventually.TrueAsync(() => scene.Proxies.All(static proxy => proxy.IsStoreAvailable));
                }
                else if (random.Next(CutsOneIn) == 0)
                {
                    var way = scene.Ways[random.Next(count)];
                    way.Cut();
                    await Pause.ForAsync(random.Next(LongestAbsenceMs));
                    way.Restore();
                }
            }
        });

        await run.ConcludeAsync(
            $"{count} replicas{protocol}, {consistency}, Redis killed {redis.Kills} times, ways cut, {MessageTrouble.Told(scene.Messages)}", output);
    }

    private static async Task TroubleRedisAsync(RedisServer server, RedisHistory redis, Random random)
    {
        var longMs = random.Next(LongestAbsenceMs);
        if (random.Next(3) == 0)
        {
            server.Hang();
            await Pause.ForAsync(longMs);
            server.Release();
            return;
        }

        if (random.Next(2) == 0)
        {
            await server.SaveAsync();
        }

        redis.Ending();
        await server.KillAsync();
        await Pause.ForAsync(longMs);
        await server.RestartAsync();
        redis.Returned();
    }
}
