using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>How long a stored response is served: the origin's word before the policy's.</summary>
public sealed class LifetimeTests
{
    private const string Noon = "Mon, 24 Nov 2025 04:00:00 GMT";

    [Theory]
    [InlineData("X-Nothing", "1", 300)]
    [InlineData("Cache-Control", "max-age=10", 10)]
    [InlineData("Cache-Control", "max-age=1000", 1000)]
    [InlineData("Cache-Control", "max-age=10, s-maxage=20", 20)]
    [InlineData("Cache-Control", "public", 300)]
    [InlineData("Expires", "Mon, 24 Nov 2025 04:00:30 GMT", 30)]
    [InlineData("CDN-Cache-Control", "max-age=40", 40)]
    public async Task It_is_fresh_for_so_many_seconds(string header, string value, int seconds)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Date", Noon), (header, value)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");

        time.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.Equal("cacheproxy; hit; ttl=1", (await proxy.AskAsync("/api/customers/1")).CacheStatus);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("2", (await proxy.AskAsync("/api/customers/1")).Text);
    }

    [Fact]
    public async Task CDN_Cache_Control_wins_over_all_others()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered(
            ("Date", Noon), ("CDN-Cache-Control", "max-age=40"), ("Cache-Control", "no-store, s-maxage=5"), ("Expires", "0")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");

        Assert.Equal("cacheproxy; hit; ttl=40", (await proxy.AskAsync("/api/customers/1")).CacheStatus);
    }

    [Theory]
    [InlineData("Cache-Control", "max-age=0")]
    [InlineData("Cache-Control", "no-cache")]
    [InlineData("Expires", "0")]
    [InlineData("Expires", "Mon, 24 Nov 2025 03:59:59 GMT")]
    public async Task What_is_stale_from_the_start_is_never_served_without_asking(string header, string value)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Date", Noon), (header, value)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: new FakeTimeProvider());

        Assert.Equal("1", (await proxy.AskAsync("/api/customers/1")).Text);
        Assert.Equal("2", (await proxy.AskAsync("/api/customers/1")).Text);
    }

    [Fact]
    public async Task Without_a_policy_Ttl_only_the_origins_own_freshness_counts()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address,
            [("CacheProxy:Policies:own:Key", "{tenant}:own:{id}"), ("ReverseProxy:Routes:customer:Metadata:CachePolicy", "own")]);

        await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("2", "cacheproxy; fwd=uri-miss; fwd-status=200; detail=no-freshness"), (second.Text, second.CacheStatus));
    }

    [Fact]
    public async Task Jitter_takes_up_to_so_much_off_the_policys_Ttl_and_nothing_off_the_origins()
    {
        await using var api = await StubApi.StartAsync(static context => Answers.SendAsync(
            context, 200, "x", context.Request.Query.ContainsKey("own") ? ("Cache-Control", "max-age=300") : ("X-None", "1")));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:TtlJitter", "00:04:00")], time: new FakeTimeProvider());

        var seen = new HashSet<int>();
        for (var i = 0; i < 30; i++)
        {
            await proxy.AskAsync($"/api/customers/{i}");
            await proxy.AskAsync($"/api/customers/{i}?own");
            seen.Add(Ttl(await proxy.AskAsync($"/api/customers/{i}")));
            Assert.Equal(300, Ttl(await proxy.AskAsync($"/api/customers/{i}?own")));
        }

        Assert.All(seen, static ttl => Assert.InRange(ttl, 60, 300));
        Assert.True(seen.Count > 5, $"Only {seen.Count} different lifetimes.");
    }

    private static int Ttl(ClientAnswer hit) => int.Parse(hit.CacheStatus["cacheproxy; hit; ttl=".Length..]);
}
