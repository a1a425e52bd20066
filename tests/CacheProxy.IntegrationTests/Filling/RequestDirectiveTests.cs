using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>What a client's Cache-Control asks of us.</summary>
public sealed class RequestDirectiveTests
{
    [Theory]
    [InlineData("no-cache", false)]
    [InlineData("max-age=0", false)]
    [InlineData("max-age=99", false)]
    [InlineData("max-age=100", true)]
    [InlineData("min-fresh=200", true)]
    [InlineData("min-fresh=201", false)]
    [InlineData("max-stale", true)]
    [InlineData("only-if-cached", true)]
    [InlineData("max-age=oops", true)]
    [InlineData("frobnicate", true)]
    public async Task On_an_entry_of_100_seconds_that_is_fresh_for_200_more(string directive, bool served)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(100));

        var answer = await proxy.AskAsync("/api/customers/1", ("Cache-Control", directive));

        Assert.Equal(served ? "1" : "2", answer.Text);
        Assert.Equal(served ? "cacheproxy; hit; ttl=200" : "cacheproxy; fwd=request; fwd-status=200; stored", answer.CacheStatus);
    }

    [Theory]
    [InlineData("max-stale", true)]
    [InlineData("max-stale=100", true)]
    [InlineData("max-stale=99", false)]
    [InlineData("max-stale=100, max-age=300", false)]
    public async Task On_an_entry_that_has_been_stale_for_100_seconds(string directive, bool served)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Cache-Control", "max-age=300"), ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(400));

        var answer = await proxy.AskAsync("/api/customers/1", ("Cache-Control", directive));

        Assert.Equal(served ? "1" : "2", answer.Text);
        Assert.Equal(served ? "cacheproxy; hit; ttl=-100" : "cacheproxy; fwd=stale; fwd-status=200; stored", answer.CacheStatus);
    }

    [Fact]
    public async Task What_the_client_refreshed_is_what_the_others_get()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        await proxy.AskAsync("/api/customers/1", ("Cache-Control", "no-cache"));
        var other = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("2", true), (other.Text, other.IsHit));
    }

    [Theory]
    [InlineData("/api/customers/1", "fwd=uri-miss")]
    [InlineData("/api/customers/2", "fwd=stale")]
    public async Task Only_if_cached_is_504_where_the_API_would_have_to_be_asked(string target, string forward)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("ETag", "\"a\""), ("Cache-Control", "max-age=10")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/2");
        time.Advance(TimeSpan.FromSeconds(11));

        var answer = await proxy.AskAsync(target, ("Cache-Control", "only-if-cached"));

        Assert.Equal((504, $"cacheproxy; {forward}; detail=only-if-cached"), (answer.Status, answer.CacheStatus));
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task Pragma_has_no_effect()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        Assert.True((await proxy.AskAsync("/api/customers/1", ("Pragma", "no-cache"))).IsHit);
    }
}
