using CacheProxy.IntegrationTests.Dependencies;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// Two complete replicas on one Redis, with readers and writers at random. How long each run goes on: <c>CACHEPROXY_LONG_RUN_SECONDS</c>;
/// what it begins from: <c>CACHEPROXY_LONG_RUN_SEED</c>.
/// </summary>
[Trait("Category", "LongRun")]
public sealed class LongRunTests(ITestOutputHelper output)
{
    private const int Seconds = 4;
    private const int LongestAbsenceMs = 600;
    private const int BetweenTroublesMs = 1_200;

    // Long enough that there are copies again; and back so soon that some still stand that the Redis before granted.
    private const int LongestAbsenceWithCopiesMs = 200;
    private const int BetweenTroublesWithCopiesMs = 3_000;

    private static readonly (string Key, string? Value)[] Settings = [("Serilog:MinimumLevel:Default", "Information")];

    // Long enough that only an absent Redis fails a step, not a busy machine.
    private static readonly (string Key, string? Value)[] Patient = [.. Settings, ("CacheProxy:Redis:Timeout", "00:00:10")];

    // Each with the MemoryTtl in milliseconds; 0 for no copies.
    public static TheoryData<string, string, int> Pairs =>
    [
        ("Process", RespProtocols.Resp3, 0),
        ("Cluster", RespProtocols.Resp2, 0),
        .. LongRunSettings.IsLong ? [("Process", RespProtocols.Resp2, 2_000), ("Cluster", RespProtocols.Resp3, 500)] : Array.Empty<(string, string, int)>(),
    ];

    public static TheoryData<string, bool, string, int> Restarts =>
    [
        ("BestEffort", false, RespProtocols.Resp2, 0),
        ("BestEffort", true, RespProtocols.Resp3, 1_000),
        ("Strict", false, RespProtocols.Resp3, 1_000),
        ("Strict", true, RespProtocols.Resp2, 0),
        .. LongRunSettings.IsLong
            ? [("BestEffort", false, RespProtocols.Resp2, 2_000), ("Strict", true, RespProtocols.Resp2, 500)]
            : Array.Empty<(string, bool, string, int)>(),
    ];

    public static TheoryData<string, int> Consistencies =>
    [
        ("BestEffort", 1_000),
        ("Strict", 0),
        .. LongRunSettings.IsLong ? [("BestEffort", 0), ("Strict", 1_000)] : Array.Empty<(string, int)>(),
    ];

    public static TheoryData<string, int> Mortals =>
    [
        (RespProtocols.Resp3, 0),
        (RespProtocols.Resp2, 1_000),
        .. LongRunSettings.IsLong ? [(RespProtocols.Resp3, 2_000)] : Array.Empty<(string, int)>(),
    ];

    [Theory, MemberData(nameof(Pairs))]
    public async Task Two_replicas_never_return_what_a_write_has_replaced(string coalesce, string protocol, int memoryTtlMs)
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad().Holding(memoryTtlMs);
        (string, string?)[] settings = [.. Patient, .. load.Settings, ("CacheProxy:Policies:customer:Coalesce", coalesce)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(api, runSettings, load.Promise, new RedisHistory(), new InProcessHost(one), new InProcessHost(other));

        await run.GoOnAsync();

        await run.ConcludeAsync($"two replicas, coalescing {coalesce}{protocol}", output);
    }

    [Theory, MemberData(nameof(Restarts))]
    public async Task A_Redis_that_is_killed_and_restarted_or_hangs_under_load_breaks_no_promise(
        string consistency, bool withData, string protocol, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad().Holding(memoryTtlMs);
        (string, string?)[] settings = [.. Settings, .. load.Settings, ("CacheProxy:Policies:customer:WriteConsistency", consistency)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        var redis = new RedisHistory();
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(
            api, runSettings, Enum.Parse<LongRunPromise>(consistency), redis, new InProcessHost(one), new InProcessHost(other));
        var random = new Random(runSettings.Seed);
        var hangs = 0;

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(memoryTtlMs == 0 ? BetweenTroublesMs : BetweenTroublesWithCopiesMs));
                var longMs = random.Next(memoryTtlMs == 0 ? LongestAbsenceMs : LongestAbsenceWithCopiesMs);
                if (redis.Kills > 0 && random.Next(3) == 0)
                {
                    hangs++;
                    server.Hang();
                    await Pause.ForAsync(longMs);
                    server.Release();
                }
                else
                {
                    await KillAndRestartAsync(server, redis, withData, longMs);
                }

                await Eventually.TrueAsync(() => one.IsStoreAvailable && other.IsStoreAvailable);
            }
        });

        Assert.NotEqual(0, redis.Kills);
        var kind = withData ? "with what it had saved" : "empty";
        await run.ConcludeAsync($"{consistency}{protocol}, Redis killed {redis.Kills} times and restarted {kind}, {hangs} hangs", output);
    }

    /// <summary>The customer's entry depends on a pet that is written: the writer learns of the customer from Redis alone.</summary>
    [Theory, MemberData(nameof(Consistencies))]
    public async Task A_Redis_that_is_killed_and_restarted_breaks_no_promise_of_what_contains_a_pet(string consistency, int memoryTtlMs)
    {
        ProxyProcess.SkipIfWanted();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad { OfPets = true }.Holding(memoryTtlMs);
        (string, string?)[] settings =
        [
            .. PetScene.Settings, .. Settings, .. load.Settings, ("CacheProxy:Policies:pet:WriteDeadline", "00:00:02"), ("CacheProxy:Policies:pet:WriteConsistency", consistency),
        ];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        var redis = new RedisHistory();
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(
            api, runSettings, Enum.Parse<LongRunPromise>(consistency), redis, new InProcessHost(one), new InProcessHost(other));
        var random = new Random(runSettings.Seed);

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(memoryTtlMs == 0 ? BetweenTroublesMs : BetweenTroublesWithCopiesMs));
                await KillAndRestartAsync(
                    server, redis, withData: random.Next(2) == 0, random.Next(memoryTtlMs == 0 ? LongestAbsenceMs : LongestAbsenceWithCopiesMs));
                await Eventually.TrueAsync(() => one.IsStoreAvailable && other.IsStoreAvailable);
            }
        });

        await run.ConcludeAsync($"{consistency}, writes of pets, Redis killed {redis.Kills} times and restarted", output);
    }

    [Theory, MemberData(nameof(Mortals))]
    public async Task A_replica_that_is_killed_under_load_leaves_nothing_stale_behind(string protocol, int memoryTtlMs)
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        var load = new LongRunLoad().Holding(memoryTtlMs);
        (string, string?)[] settings = [.. Patient, .. load.Settings];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        using var mortal = await ProcessHost.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = load };
        var run = new LongRun(api, runSettings, load.Promise, new RedisHistory(), new InProcessHost(one), mortal);
        var random = new Random(runSettings.Seed);

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                await mortal.KillAsync();
                await mortal.StartAgainAsync();
            }
        });

        Assert.NotEqual(0, mortal.Kills);
        await run.ConcludeAsync($"a replica killed {mortal.Kills} times{protocol}", output);
    }

    [Fact]
    public async Task A_run_notices_writes_that_go_past_the_replicas()
    {
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [.. Patient, .. new LongRunLoad().Settings]);
        using var direct = new DirectHost(api.Address);
        var runSettings = LongRunSettings.FromEnvironment(1) with { Duration = TimeSpan.FromSeconds(2) };
        var run = new LongRun(api, runSettings, LongRunPromise.Committed, new RedisHistory(), new InProcessHost(proxy), direct);

        await run.GoOnAsync();

        Assert.Contains(run.Violations, static violation => violation.Contains("through proxy 0", StringComparison.Ordinal));
    }

    private static async Task KillAndRestartAsync(RedisServer server, RedisHistory redis, bool withData, int absenceMs)
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
