using System.Globalization;
using System.Text.RegularExpressions;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>A Redis that is there and refuses: each reason has its own word, names the address, and says what to do.</summary>
public sealed partial class RedisRefusalTests
{
    private static readonly ResourceKey Key = new("prod:demo:customer:1");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("", "PasswordMissing")]
    [InlineData(",password=wrong", "PasswordWrong")]
    [InlineData(",user=nobody,password=right", "PasswordWrong")]
    [InlineData(",password=wrong,protocol=resp2", "PasswordWrong")]
    public async Task A_password_that_is_missing_is_told_from_one_that_is_wrong(string given, string word)
    {
        await using var server = await RedisServer.StartAsync(0, "right");
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port}{given}", log);

        await IsReportedAsync(log, word, server.Port, "password=");
        Assert.DoesNotContain(log.Events, static line => line.Contains("wrong", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_password_that_is_changed_while_connected_is_reported_once_and_as_that(bool ofUser)
    {
        await using var server = await RedisServer.StartAsync();
        var administrator = await RespConnection.OpenAsync(server.Port, TestContext.Current.CancellationToken);
        string[] grant = ["ACL", "SETUSER", "app", "on", ">old", "~*", "+@all"];
        await administrator.SendAsync(TestContext.Current.CancellationToken, grant);
        // Without a default user whose rights it falls back to.
        await administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "requirepass", "old");
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port}{(ofUser ? ",user=app" : "")},password=old", log);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");

        await administrator.SendAsync(TestContext.Current.CancellationToken, "ACL", "SETUSER", ofUser ? "app" : "default", "resetpass", ">new");
        await administrator.SendAsync(TestContext.Current.CancellationToken, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await Eventually.TrueAsync(() => log.Events.Any(static line => line.Contains("PasswordChanged at 127.0.0.1:", StringComparison.Ordinal)), "It was not noticed.");

        // Many more probes do not repeat it.
        await administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "RESETSTAT");
        await Eventually.TrueAsync(async () => Number((string)(await administrator.SendAsync(TestContext.Current.CancellationToken, "INFO", "stats"))!) > 3);
        Assert.Single(log.Events, static line => line.Contains("PasswordChanged", StringComparison.Ordinal));
        Assert.InRange(log.Events.Length, 2, 3);

        await administrator.SendAsync(TestContext.Current.CancellationToken, "ACL", "SETUSER", ofUser ? "app" : "default", ">old");
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        Assert.Equal("Redis is available", log.Events[^1]);
        administrator.Dispose();
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for()
    {
        await using var server = await TlsRedis.StartAsync();
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.TlsPort},ssl=true", log);

        await IsReportedAsync(log, "CertificateUntrusted", server.TlsPort, "SSL_CERT_FILE");
    }

    [Fact]
    public async Task Plaintext_to_a_TLS_port()
    {
        await using var server = await TlsRedis.StartAsync();
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.TlsPort}", log);

        await IsReportedAsync(log, "TlsRequired", server.TlsPort, "ssl=true");
    }

    [Fact]
    public async Task TLS_to_a_plaintext_port()
    {
        await using var server = await RedisServer.StartAsync();
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},ssl=true,connectTimeout=500", log);

        await IsReportedAsync(log, "TlsNotSpoken", server.Port, "ssl=true");
    }

    [Fact]
    public async Task A_refusal_that_follows_an_outage_is_reported_too()
    {
        var port = RedisServer.FreePort();
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{port}", log);
        await IsReportedAsync(log, "Disconnected", port, "");

        await using var server = await RedisServer.StartAsync(port, "right");
        await Eventually.TrueAsync(() => log.Events.Length > 1, "Nothing more was logged.");
        Assert.StartsWith($"Redis stays unavailable: PasswordMissing at 127.0.0.1:{port}. ", log.Events[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_documented_least_rights_are_enough()
    {
        await using var server = await RedisServer.StartAsync();
        await GrantAsync(server, Rights());
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},user=app,password=secret", log);

        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        await RunEveryStepAsync(store);
        Assert.Equal(["Redis is available"], log.Events);

        // And nothing beyond the prefix.
        Assert.Equal(LookUpOutcome.Unavailable, (await store.LookUpAsync(new ResourceKey("other:1"), VariantKey.Plain, new(Long))).Outcome);
        Assert.Contains("keys under this prefix", log.Events[^1], StringComparison.Ordinal);
    }

    // A script runs by its text or after it was loaded: only who has neither right misses one. INFO has a message of its own.
    public static TheoryData<string> EachRight() =>
        [.. Rights().Where(static right => right[0] == '+').Select(static right => right[1..]).Except(["script|load", "eval", "info"]), "eval script|load"];

    /// <summary>None of them is there for nothing: without it CacheProxy says what it misses.</summary>
    [Theory]
    [MemberData(nameof(EachRight))]
    public async Task A_denied_command_is_named(string denied)
    {
        var commands = denied.Split(' ');
        await using var server = await RedisServer.StartAsync();
        await GrantAsync(server, [.. Rights().Where(right => !commands.Contains(right[1..]))]);
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},user=app,password=secret", log);

        await Eventually.TrueAsync(
            async () =>
            {
                if (store.IsAvailable)
                {
                    await RunEveryStepAsync(store, asserts: false);
                }

                return log.Events.Any(line =>
                    line.Contains("CommandDenied at 127.0.0.1:", StringComparison.Ordinal)
                    && line.Contains($"the command {commands[0]}: grant", StringComparison.Ordinal));
            },
            "It was not named.");
    }

    [Fact]
    public async Task Whoever_may_not_ask_for_the_replication_id_is_told_what_that_costs()
    {
        await using var server = await RedisServer.StartAsync();
        await GrantAsync(server, [.. Rights().Where(static right => right != "+info")]);
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},user=app,password=secret", log);

        await Eventually.TrueAsync(() => log.Events.Length == 2, "Nothing was logged.");
        Assert.StartsWith("Redis does not show its replication id", log.Events[1], StringComparison.Ordinal);
        await RunEveryStepAsync(store);
    }

    private static RedisStore Open(string connectionString, StateLog log) =>
        new(new RedisOptions { ConnectionString = connectionString, KeyPrefix = "prod:", Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System, log);

    /// <summary>With the outage, or after it where the first connection took too long to fail.</summary>
    private static async Task IsReportedAsync(StateLog log, string word, int port, string advice)
    {
        await Eventually.TrueAsync(
            () => log.Events.Any(line => line.Contains($"unavailable: {word} at 127.0.0.1:{port}", StringComparison.Ordinal)), "It was not reported.");
        Assert.InRange(log.Events.Length, 1, 2);
        Assert.StartsWith("Redis is unavailable: ", log.Events[0], StringComparison.Ordinal);
        Assert.Contains(advice, log.Events[^1], StringComparison.Ordinal);
    }

    internal static async Task RunEveryStepAsync(RedisStore store, bool asserts = true)
    {
        for (var i = 0; i < 2; i++)
        {
            var token = store.NewFillToken(Key);
            var lease = new FillLease(token, VariantKey.Plain, "", Long, Exclusive: false);
            var begun = await store.BeginFillAsync(Key, lease, new(Long));
            if (i == 0)
            {
                await store.AbandonFillAsync(Key, lease, new(Long));
                continue;
            }

            var filled = await store.CompleteFillAsync(Key, lease, new FillResult(VariantKey.Plain, "accept", TestResponse, Long, 8), new(Long));
            var found = await store.LookUpAsync(Key, VariantKey.Plain, new(Long));
            var writing = await store.BeginWriteAsync(Key, "w", Long, new(Long));
            var written = await store.EndWriteAsync(Key, "w", WriteResult.Changed, new(Long));
            if (asserts)
            {
                Assert.Equal((BeginFillOutcome.Granted, CompleteFillOutcome.Stored, LookUpOutcome.Found), (begun, filled, found.Outcome));
                Assert.Equal((StoreOutcome.Done, StoreOutcome.Done), (writing.Outcome, written.Outcome));
            }
        }
    }

    private static StoredResponse TestResponse => new()
    {
        Status = 200,
        Headers = [],
        Body = new byte[] { 1 },
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 60_000,
        Target = "",
    };

    private static Task<object?> GrantAsync(RedisServer server, string[] rights) =>
        server.SendAsync([.. (string[])["ACL", "SETUSER", "app", "on", ">secret"], .. rights]);

    /// <summary>From the line <c>ACL SETUSER</c> of docs/redis-topologies.md.</summary>
    internal static string[] Rights() => Words(RightsLine());

    /// <summary>From the line of those that copies need.</summary>
    internal static string[] CopyRights() => Words(CopyRightsLine());

    private static string[] Words(Regex line)
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "redis-topologies.md"));
        return [.. line.Match(page).Groups[1].Value.Replace("PREFIX", "prod:", StringComparison.Ordinal).Split(' ')];
    }

    private static int Number(string stats) =>
        int.Parse(Connections().Match(stats).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("ACL SETUSER cacheproxy on >PASSWORD (.*)")]
    private static partial Regex RightsLine();

    [GeneratedRegex(@"^(\+publish .*)$", RegexOptions.Multiline)]
    private static partial Regex CopyRightsLine();

    [GeneratedRegex("total_connections_received:([0-9]+)")]
    private static partial Regex Connections();
}
