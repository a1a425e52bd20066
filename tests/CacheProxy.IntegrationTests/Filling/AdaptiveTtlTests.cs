using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Lifetimes from how often a resource is written.</summary>
public sealed class AdaptiveTtlTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private const string Pace = "demo:customer:1#pace";

    private static readonly (string Key, string? Value)[] Adaptive =
        [("CacheProxy:Policies:customer:AdaptiveTtl:Min", "1m"), ("CacheProxy:Policies:customer:AdaptiveTtl:Max", "1h")];

    [Fact]
    public async Task What_never_changes_lives_ever_longer_and_what_changes_lives_short()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Adaptive, time: time);

        Assert.Equal(60, await TtlAsync(proxy));
        time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal(300, await TtlAsync(proxy));
        time.Advance(TimeSpan.FromHours(15));
        Assert.Equal(3600, await TtlAsync(proxy));

        // The write ends an interval of 15 h 50 min: the next is expected as late. Ten more in a row, and nothing is expected to stay.
        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.Equal(3600, await TtlAsync(proxy));
        for (var i = 0; i < 20; i++)
        {
            await proxy.AskAsync(HttpMethod.Put, Customer);
        }

        Assert.Equal(60, await TtlAsync(proxy));
        time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(120, await TtlAsync(proxy));
    }

    [Fact]
    public async Task Writes_that_were_refused_or_that_nobody_reads_count_for_nothing()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Adaptive, time: time);
        await proxy.AskAsync(HttpMethod.Put, Customer);
        await proxy.AskAsync(Customer);
        time.Advance(TimeSpan.FromMinutes(50));

        api.Handler = Answers.Status(403, "no");
        await proxy.AskAsync(HttpMethod.Put, Customer);
        api.Handler = Answers.Body("x");

        Assert.Equal(300, await TtlAsync(proxy));
    }

    [Fact]
    public async Task The_APIs_own_freshness_and_a_TtlRule_win_over_it()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Cache-Control", "max-age=7")));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address,
            [
                .. Adaptive, ("CacheProxy:Policies:customer:Ttl", ""),
                ("CacheProxy:Policies:customer:TtlRules:0:Header", "X-Plan"),
                ("CacheProxy:Policies:customer:TtlRules:0:Equals", "archive"),
                ("CacheProxy:Policies:customer:TtlRules:0:Ttl", "2h"),
            ],
            time: new FakeTimeProvider());

        Assert.Equal(7, await TtlAsync(proxy));
        api.Handler = Answers.Body("x", ("X-Plan", "archive"));
        Assert.Equal(7200, await TtlAsync(proxy, "/api/customers/2"));
        api.Handler = Answers.Body("x");
        Assert.Equal(60, await TtlAsync(proxy, "/api/customers/3"));
    }

    [Fact]
    public async Task A_304_and_an_answer_to_HEAD_ask_for_it_anew()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [.. Adaptive, ("CacheProxy:Policies:customer:StaleIfError", "24h")], time: time);
        await proxy.AskAsync(Customer);
        time.Advance(TimeSpan.FromMinutes(50));

        api.Handler = Answers.Status(304, "", ("ETag", "\"a\""));
        Assert.Equal(300, await TtlAsync(proxy));
        time.Advance(TimeSpan.FromMinutes(50));
        api.Handler = Answers.Body("x", ("ETag", "\"a\""));
        await proxy.AskAsync(HttpMethod.Head, Customer);
        Assert.Equal("cacheproxy; hit; ttl=600", (await proxy.AskAsync(Customer)).CacheStatus);
    }

    [Fact]
    public async Task On_Redis_it_is_kept_beside_the_entry_survives_evictions_and_expires()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Adaptive);

        Assert.InRange(await TtlAsync(proxy), 50, 60);
        await Eventually.TrueAsync(async () => await FieldAsync("since") is not null);
        Assert.Null(await FieldAsync("mean"));

        // As if the first fill had been ten thousand seconds ago.
        var since = await NowAsync() - 10_000_000;
        await stores.Redis.SendAsync("HSET", Pace, "since", since.ToString("D13", CultureInfo.InvariantCulture));
        await stores.Redis.SendAsync("DEL", "demo:customer:1");
        Assert.InRange(await TtlAsync(proxy), 990, 1010);

        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.InRange(double.Parse((await FieldAsync("mean"))!, CultureInfo.InvariantCulture), 10_000_000, 10_100_000);
        Assert.InRange(await TtlAsync(proxy), 990, 1010);
        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.InRange(double.Parse((await FieldAsync("mean"))!, CultureInfo.InvariantCulture), 7_500_000, 7_600_000);
        Assert.InRange(await TtlAsync(proxy), 740, 760);

        // Twenty times Max.
        Assert.InRange(await stores.Redis.NumberAsync("PTTL", Pace), 71_000_000, 72_000_000);
    }

    [Fact]
    public async Task A_pace_that_is_somebody_elses_key_or_nonsense_gives_the_shortest()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Adaptive);
        await stores.Redis.SendAsync("SET", Pace, "x");
        await stores.Redis.SendAsync("HSET", "demo:customer:2#pace", "since", "yesterday");

        Assert.InRange(await TtlAsync(proxy), 50, 60);
        Assert.InRange(await TtlAsync(proxy, "/api/customers/2"), 50, 60);
        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    private Task<string?> FieldAsync(string name) => stores.Redis.TextAsync("HGET", Pace, name);

    private async Task<long> NowAsync() =>
        long.Parse((string)((object?[])(await stores.Redis.SendAsync("TIME"))!)[0]!, CultureInfo.InvariantCulture) * 1000;

    private static async Task<int> TtlAsync(ProxyUnderTest proxy, string target = Customer)
    {
        await proxy.AskAsync(target);
        var status = "";
        await Eventually.TrueAsync(async () => (status = (await proxy.AskAsync(target)).CacheStatus).StartsWith("cacheproxy; hit; ttl=", StringComparison.Ordinal));
        return int.Parse(status["cacheproxy; hit; ttl=".Length..], CultureInfo.InvariantCulture);
    }
}
