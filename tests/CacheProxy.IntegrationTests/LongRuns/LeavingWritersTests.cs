using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// The hardest day: clients leave in the middle of their writes, the API commits up to two seconds late, Redis pauses for longer than a
/// request waits for it and returns with what it once saved. <c>CACHEPROXY_LONG_RUN_SECONDS</c> says for how long, 120 for a proof.
/// </summary>
[Trait("Category", "LongRun")]
public sealed class LeavingWritersTests(ITestOutputHelper output)
{
    private const int Seconds = 10;
    private const int ShortestPauseMs = 300;
    private const int LongestPauseMs = 600;
    private const int LongestReactionMs = 50;
    private const int BetweenTroublesMs = 2_500;

    // A restart loses the fences of the writes under way, of which nothing is promised then: with more of them, little is left to judge.
    private const int RestartsOneIn = 8;
    private const int FirstRestart = 5;

    private static readonly LongRunLoad Load = new()
    {
        WriteDeadline = TimeSpan.FromSeconds(3),
        LongestWrite = TimeSpan.FromSeconds(2.5),
        LongestCommitMs = 2_000,
        Customers = 300,
        WritersPerHost = 10,
        LeavesOneIn = 2,
        LongestPatienceMs = 2_000,
        ReadersFollowLeavers = true,
    };

    // Each with the MemoryTtl in milliseconds; 0 for no copies.
    public static TheoryData<string, int> Consistencies =>
    [
        ("BestEffort", 1_000),
        ("Strict", 0),
        .. LongRunSettings.IsLong ? [("BestEffort", 0), ("Strict", 1_000)] : Array.Empty<(string, int)>(),
    ];

    [Theory, MemberData(nameof(Consistencies))]
    public async Task Writers_that_leave_while_Redis_pauses_and_returns_with_old_data_leave_nothing_stale_behind(string consistency, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = Load.Holding(memoryTtlMs);
        (string, string?)[] settings =
        [
            .. load.Settings, ("Serilog:MinimumLevel:Default", "Information"), ("CacheProxy:Policies:customer:WriteConsistency", consistency),
        ];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        var redis = new RedisHistory();
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(
            api, runSettings, Enum.Parse<LongRunPromise>(consistency), redis, new InProcessHost(one), new InProcessHost(other));
        var random = new Random(runSettings.Seed);
        var pauses = 0;
        var troubles = 0;

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                if (++troubles % RestartsOneIn == FirstRestart)
                {
                    await server.SaveAsync();
                    await Pause.ForAsync(random.Next(BetweenTroublesMs));
                    redis.Ending();
                    await server.KillAsync();
                    await server.RestartAsync();
                    await Eventually.TrueAsync(() => one.IsStoreAvailable && other.IsStoreAvailable);
                    redis.Returned();
                    continue;
                }

                pauses++;
                server.Hang();
                await Pause.ForAsync(random.Next(LongestReactionMs));
                await run.LosePatienceAsync();
                await Pause.ForAsync(random.Next(ShortestPauseMs, LongestPauseMs));
                server.Release();
            }
        });

        await run.ConcludeAsync(
            $"writers that leave, {consistency}, Redis paused {pauses} times and restarted {redis.Kills} times with old data", output, byWriting: redis.Kills > 0);
    }
}
