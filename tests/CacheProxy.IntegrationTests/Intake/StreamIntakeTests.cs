using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Intake;

/// <summary>Streams in Redis that tell of writes past the sidecar.</summary>
public sealed class StreamIntakeTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private const string Stream = "writes";
    private const string Told = """{"policy":"customer","tenant":"demo","values":{"id":1}}""";

    private static readonly (string Key, string? Value)[] Settings =
    [
        ("CacheProxy:Intake:Stream:Keys", Stream), ("CacheProxy:Intake:Stream:Interval", "10ms"), ("CacheProxy:Intake:Stream:ClaimAfter", "1s"),
        ("CacheProxy:Intake:Stream:MaxTries", "1"), ("Serilog:MinimumLevel:Default", "Debug"),
    ];

    [Theory]
    [InlineData("any", Told)]
    [InlineData("value", $"[{Told}]")]
    public async Task What_an_entry_tells_of_is_evicted_and_then_acknowledged(string field, string json)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Settings);
        await GroupIsThereAsync();
        await proxy.AskAsync(Customer);
        Assert.True((await proxy.AskAsync(Customer)).IsHit);

        await stores.Redis.SendAsync("XADD", Stream, "*", field, json);

        await AllIsDoneAsync(entries: 1);
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
        await Eventually.TrueAsync(async () => await LagAsync(proxy) == 0);
    }

    [Fact]
    public async Task What_a_replica_that_died_has_left_is_claimed_and_evicted()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Settings);
        await GroupIsThereAsync();
        await proxy.AskAsync(Customer);
        // Added and read in one step, by one that is gone by then.
        await stores.Redis.SendAsync(
            "EVAL",
            "redis.call('XADD', KEYS[1], '*', 'value', ARGV[1]) return redis.call('XREADGROUP', 'GROUP', 'cacheproxy', 'dead', 'STREAMS', KEYS[1], '>')",
            "1",
            Stream,
            Told);

        await AllIsDoneAsync(entries: 1);

        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task What_nobody_understands_is_set_aside_and_holds_nothing_up()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, [.. Settings, ("CacheProxy:Intake:Stream:DeleteDone", "true")]);
        await GroupIsThereAsync();
        await proxy.AskAsync(Customer);

        await stores.Redis.SendAsync("XADD", Stream, "*", "value", """{"policy":"custumer","tenant":"demo"}""");
        await stores.Redis.SendAsync("XADD", Stream, "*", "one", "{}", "two", "{}");
        await stores.Redis.SendAsync("XADD", Stream, "*", "key", "{}", "value", "default");
        await stores.Redis.SendAsync("XADD", Stream, "*", "value", Told);

        await AllIsDoneAsync(entries: 0);
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(2, await stores.Redis.NumberAsync("XLEN", Stream + ":dead"));
        var dead = (object?[])((object?[])((object?[])(await stores.Redis.SendAsync("XRANGE", Stream + ":dead", "-", "+"))!)[0]!)[1]!;
        Assert.Equal(["value", """{"policy":"custumer","tenant":"demo"}""", "cacheproxy:id"], dead.Cast<string>().Take(3));
        Assert.Equal(2, proxy.Log.Messages.Count(static message => message.Contains("is set aside", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_group_that_is_lost_is_made_again_and_nothing_is_skipped()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Settings);
        await GroupIsThereAsync();
        await proxy.AskAsync(Customer);
        // Nobody reads between the two.
        await stores.Redis.SendAsync("EVAL", "redis.call('XADD', KEYS[1], '*', 'value', ARGV[1]) return redis.call('XGROUP', 'DESTROY', KEYS[1], 'cacheproxy')", "1", Stream, Told);

        await AllIsDoneAsync(entries: 1);

        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task After_a_stop_the_group_has_forgotten_the_reader()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using (var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Settings))
        {
            await GroupIsThereAsync();
            await stores.Redis.SendAsync("XADD", Stream, "*", "value", Told);
            await AllIsDoneAsync(entries: 1);
            Assert.Equal(1, await CountAsync("CONSUMERS"));
        }

        Assert.Equal(0, await CountAsync("CONSUMERS"));
    }

    private Task GroupIsThereAsync() => Eventually.TrueAsync(async () => await CountAsync("GROUPS") == 1);

    private async Task<int> CountAsync(string what)
    {
        try
        {
            string[] command = what == "GROUPS" ? ["XINFO", what, Stream] : ["XINFO", what, Stream, "cacheproxy"];
            return ((object?[])(await stores.Redis.SendAsync(command))!).Length;
        }
        catch (RespException)
        {
            // There is no such key, or no such group.
            return 0;
        }
    }

    /// <summary>Waits until the stream has so many entries, the group has been given all of them, and none is pending.</summary>
    private Task AllIsDoneAsync(int entries) => Eventually.TrueAsync(async () =>
    {
        if (await stores.Redis.NumberAsync("XLEN", Stream) != entries || await CountAsync("GROUPS") == 0)
        {
            return false;
        }

        var group = (object?[])((object?[])(await stores.Redis.SendAsync("XINFO", "GROUPS", Stream))!)[0]!;
        var last = (string)group[Array.IndexOf(group, "last-delivered-id") + 1]!;
        var unread = (object?[])(await stores.Redis.SendAsync("XRANGE", Stream, "(" + last, "+"))!;
        // Asked last: an entry is pending from when it is delivered, so that one which was read in between is seen here.
        var pending = (object?[])(await stores.Redis.SendAsync("XPENDING", Stream, "cacheproxy"))!;
        return unread.Length == 0 && (string)pending[0]! == "0";
    });

    private static async Task<double> LagAsync(ProxyUnderTest proxy)
    {
        using var client = new HttpClient();
        var page = await client.GetStringAsync(new Uri(proxy.Management, "/metrics"), TestContext.Current.CancellationToken);
        var line = page.Split('\n').Single(static line => line.StartsWith("cacheproxy_intake_lag_seconds{", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
