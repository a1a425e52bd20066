using System.Globalization;
using CacheProxy.IntegrationTests.Dependencies;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// Half of the writes go directly to the API, and are told of afterwards; Redis is killed and restarted meanwhile, and hangs.
/// <c>CACHEPROXY_LONG_RUN_SECONDS</c> says for how long.
/// </summary>
[Trait("Category", "LongRun")]
public sealed class OutsideWritesTests(ITestOutputHelper output)
{
    private const int Seconds = 5;
    private const int LongestAbsenceMs = 400;
    private const int BetweenTroublesMs = 1_500;

    // Each with the MemoryTtl in milliseconds; 0 for no copies.
    public static TheoryData<bool, int> Kinds =>
    [
        (false, 1_000),
        (true, 0),
        .. LongRunSettings.IsLong ? [(false, 0), (true, 1_000)] : Array.Empty<(bool, int)>(),
    ];

    [Theory, MemberData(nameof(Kinds))]
    public async Task Half_the_writes_go_past_the_replicas_and_none_is_read_stale_after_its_intake(bool ofPets, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad { OfPets = ofPets }.Holding(memoryTtlMs);
        (string, string?)[] settings =
        [
            .. ofPets ? PetScene.Settings : [], .. load.Settings, ("Serilog:MinimumLevel:Default", "Information"),
            .. ofPets ? [("CacheProxy:Policies:pet:WriteDeadline", "00:00:02")] : Array.Empty<(string, string?)>(),
        ];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        using var past = new OutsideHost(api.Address, one);
        using var pastOther = new OutsideHost(api.Address, other);
        var redis = new RedisHistory();
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(api, runSettings, LongRunPromise.BestEffort, redis, new InProcessHost(one), new InProcessHost(other), past, pastOther);
        var random = new Random(runSettings.Seed);

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                if (random.Next(3) == 0)
                {
                    server.Hang();
                    await Pause.ForAsync(random.Next(LongestAbsenceMs));
                    server.Release();
                }
                else
                {
                    await RestartAsync(server, redis, withData: random.Next(2) == 0, random.Next(LongestAbsenceMs));
                }

                await Eventually.TrueAsync(() => one.IsStoreAvailable && other.IsStoreAvailable);
            }
        });

        var (taken, again) = (past.Told.Taken + pastOther.Told.Taken, past.Told.Again + pastOther.Told.Again);
        Assert.NotEqual(0, taken);
        await run.ConcludeAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"half of the writes past the replicas{(ofPets ? ", of pets" : "")}, Redis killed {redis.Kills} times, {taken:N0} told of, {again:N0} of them again"),
            output);
    }

    private static async Task RestartAsync(RedisServer server, RedisHistory redis, bool withData, int absenceMs)
    {
        if (withData)
        {
            await server.SaveAsync();
        }

        redis.Ending();
        await server.KillAsync();
        await Pause.ForAsync(absenceMs);
        await server.RestartAsync();
        redis.Returned();
    }
}
