using System.Globalization;
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

    private static readonly (string Key, string? Value)[] Settings =
    [
        ("Serilog:MinimumLevel:Default", "Information"),
        ("CacheProxy:Policies:customer:WriteDeadline", "00:00:02"),
    ];

    // Long enough that only an absent Redis fails a step, not a busy machine.
    private static readonly (string Key, string? Value)[] Patient = [.. Settings, ("CacheProxy:Redis:Timeout", "00:00:10")];

    [Theory]
    [InlineData("Process", RespProtocols.Resp3)]
    [InlineData("Cluster", RespProtocols.Resp2)]
    public async Task Two_replicas_never_return_what_a_write_has_replaced(string coalesce, string protocol)
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        (string, string?)[] settings = [.. Patient, ("CacheProxy:Policies:customer:Coalesce", coalesce)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        var runSettings = LongRunSettings.FromEnvironment(Seconds);
        var run = new LongRun(api, runSettings, LongRunPromise.Committed, new RedisHistory(), new InProcessHost(one), new InProcessHost(other));

        await run.GoOnAsync();

        await ConcludeAsync($"two replicas, coalescing {coalesce}{protocol}", run, runSettings);
    }

    [Theory]
    [InlineData("BestEffort", false, RespProtocols.Resp2)]
    [InlineData("BestEffort", true, RespProtocols.Resp3)]
    [InlineData("Strict", false, RespProtocols.Resp3)]
    [InlineData("Strict", true, RespProtocols.Resp2)]
    public async Task A_Redis_that_is_killed_and_restarted_or_hangs_under_load_breaks_no_promise(string consistency, bool withData, string protocol)
    {
        ProxyProcess.SkipIfWanted();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        (string, string?)[] settings = [.. Settings, ("CacheProxy:Policies:customer:WriteConsistency", consistency)];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString + protocol);
        var redis = new RedisHistory();
        var runSettings = LongRunSettings.FromEnvironment(Seconds);
        var run = new LongRun(
            api, runSettings, Enum.Parse<LongRunPromise>(consistency), redis, new InProcessHost(one), new InProcessHost(other));
        var random = new Random(runSettings.Seed);
        var hangs = 0;

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                var longMs = random.Next(LongestAbsenceMs);
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
        await ConcludeAsync($"{consistency}{protocol}, Redis killed {redis.Kills} times and restarted {kind}, {hangs} hangs", run, runSettings);
    }

    /// <summary>The customer's entry depends on a pet that is written: the writer learns of the customer from Redis alone.</summary>
    [Theory]
    [InlineData("BestEffort")]
    [InlineData("Strict")]
    public async Task A_Redis_that_is_killed_and_restarted_breaks_no_promise_of_what_contains_a_pet(string consistency)
    {
        ProxyProcess.SkipIfWanted();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        (string, string?)[] settings =
        [
            .. PetScene.Settings, .. Settings, ("CacheProxy:Policies:pet:WriteDeadline", "00:00:02"), ("CacheProxy:Policies:pet:WriteConsistency", consistency),
        ];
        await using var one = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, settings, server.ConnectionString);
        var redis = new RedisHistory();
        var runSettings = LongRunSettings.FromEnvironment(Seconds) with { Load = new LongRunLoad { OfPets = true } };
        var run = new LongRun(
            api, runSettings, Enum.Parse<LongRunPromise>(consistency), redis, new InProcessHost(one), new InProcessHost(other));
        var random = new Random(runSettings.Seed);

        await run.GoOnAsync(async over =>
        {
            while (!over.IsCancellationRequested)
            {
                await Pause.ForAsync(random.Next(BetweenTroublesMs));
                await KillAndRestartAsync(server, redis, withData: random.Next(2) == 0, random.Next(LongestAbsenceMs));
                await Eventually.TrueAsync(() => one.IsStoreAvailable && other.IsStoreAvailable);
            }
        });

        await ConcludeAsync($"{consistency}, writes of pets, Redis killed {redis.Kills} times and restarted", run, runSettings);
    }

    [Theory]
    [InlineData(RespProtocols.Resp3)]
    [InlineData(RespProtocols.Resp2)]
    public async Task A_replica_that_is_killed_under_load_leaves_nothing_stale_behind(string protocol)
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        await using var one = await ProxyUnderTest.StartAsync(api.Address, Patient, server.ConnectionString + protocol);
        using var mortal = await ProcessHost.StartAsync(api.Address, Patient, server.ConnectionString + protocol);
        var runSettings = LongRunSettings.FromEnvironment(Seconds);
        var run = new LongRun(api, runSettings, LongRunPromise.Committed, new RedisHistory(), new InProcessHost(one), mortal);
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
        await ConcludeAsync($"a replica killed {mortal.Kills} times{protocol}", run, runSettings);
    }

    [Fact]
    public async Task A_run_notices_writes_that_go_past_the_replicas()
    {
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Patient);
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

    private async Task ConcludeAsync(string name, LongRun run, LongRunSettings settings)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Long run, {name}: {run.Counts}, {run.TooLate} writes too late for the API, {run.Violations.Count} violations ({settings.Duration.TotalSeconds} s, {LongRunSettings.SeedVariable}={settings.Seed})");
        output.WriteLine(text);
        Console.WriteLine(text);
        Assert.True(run.Violations.Count == 0, text + "\n" + string.Join('\n', run.Violations.Take(20)));
        Assert.NotEqual(0, run.Counts.Hits);
        Assert.NotEqual(0, run.Counts.Writes);
        await run.HealAsync();
        Assert.Empty(run.Violations);
    }
}
