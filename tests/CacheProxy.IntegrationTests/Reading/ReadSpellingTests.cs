using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Which request targets read the same entry, and which never do.</summary>
public sealed class ReadSpellingTests
{
    [Theory]
    [InlineData("/API/Customers/1")]
    [InlineData("/api/customers/1/")]
    [InlineData("/api/customers/%31")]
    [InlineData("/api/c%75stomers/1")]
    public async Task Another_spelling_of_the_path_has_an_entry_of_its_own(string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync("/api/customers/1");

        var first = await proxy.AskRawAsync(target);
        var second = await proxy.AskRawAsync(target);
        var plain = await proxy.AskRawAsync("/api/customers/1");

        Assert.Equal(("2", "2", "1"), (first.Content, second.Content, plain.Content));
        Assert.All([second, plain], static answer => Assert.StartsWith("cacheproxy; hit", answer.Values("Cache-Status")[0], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{tenant}:customer:{id}", "/api/customers/1/")]
    [InlineData("{tenant}:customer:{id}", "/API/customers/1")]
    [InlineData("{tenant}:customer:{id}", "/api/customers/%31")]
    [InlineData("{tenant}{path}", "/api/customers/1/")]
    [InlineData("{tenant}{path}", "/API/customers/1")]
    [InlineData("{tenant}{path}", "/api/customers/%31")]
    public async Task One_request_in_a_spelling_that_the_API_does_not_know_hides_the_resource_from_nobody(string key, string wrong)
    {
        await using var api = await StubApi.StartAsync(static context =>
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget == "/api/customers/1"
                ? Answers.SendAsync(context, 200, "found")
                : Answers.SendAsync(context, 404, "unknown", ("Cache-Control", "max-age=60")));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:Key", key), ("CacheProxy:Policies:customer:StatusCodes", "404")]);

        await proxy.AskRawAsync(wrong);
        var before = await proxy.AskRawAsync("/api/customers/1");
        var hidden = await proxy.AskRawAsync(wrong);
        await proxy.AskRawAsync(wrong, method: "DELETE");

        Assert.Equal((200, "found"), (before.Status, before.Content));
        Assert.Equal((404, "unknown"), (hidden.Status, hidden.Content));
        Assert.Contains("fwd=uri-miss", (await proxy.AskRawAsync("/api/customers/1")).Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/customers/1?")]
    [InlineData("/api/customers/1?a=1")]
    [InlineData("/api/customers/1?A=1")]
    [InlineData("/api/customers/1?a=1&")]
    [InlineData("/api/customers/1?a=%31")]
    [InlineData("/api/customers/1?b=1&a=1")]
    public async Task Every_other_query_string_has_an_entry_of_its_own(string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync("/api/customers/1");
        await proxy.AskRawAsync("/api/customers/1?a=2");

        var first = await proxy.AskRawAsync(target);
        var second = await proxy.AskRawAsync(target);

        Assert.Equal(("3", "3"), (first.Content, second.Content));
        Assert.StartsWith("cacheproxy; hit", second.Values("Cache-Status")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/customers/2")]
    [InlineData("/api/customers/01")]
    [InlineData("/api/customers/1.0")]
    [InlineData("/api/customers/A")]
    public async Task Another_id_is_another_resource(string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync("/api/customers/1");
        await proxy.AskRawAsync("/api/customers/a");

        Assert.Equal("3", (await proxy.AskRawAsync(target)).Content);
    }

    [Theory]
    [InlineData("/api/customers/1%2F2", "path")]
    [InlineData("/api/customers/1%252F2", "path")]
    [InlineData("/api/customers/1%5c2", "path")]
    [InlineData("/api/customers/1;v=2", "path")]
    [InlineData("/api/customers/1%3Bv=2", "path")]
    [InlineData("/api//customers/1", "path")]
    [InlineData("/api/x/../customers/1", "path")]
    [InlineData("/api/./customers/1", "path")]
    [InlineData("/api/customers/%2e%2e%2f1", "path")]
    [InlineData("/api/customers/%C3%A4", "path")]
    [InlineData("/api/customers/1%20", "path")]
    [InlineData("/api/customers/1,2", "key")]
    [InlineData("/api/customers/a@b", "key")]
    public async Task A_target_that_may_mean_different_things_is_forwarded_as_it_is(string target, string detail)
    {
        await using var api = await RawUpstream.StartAsync(static _ => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        var first = await proxy.AskRawAsync(target);
        var second = await proxy.AskRawAsync(target);

        Assert.Equal((200, 200), (first.Status, second.Status));
        // A target that another route takes has no policy, and nothing is said of it.
        Assert.All(second.Values("Cache-Status"), status => Assert.Equal($"cacheproxy; fwd=bypass; fwd-status=200; detail={detail}", status));
        Assert.Equal((target, target), ((await api.NextRequestAsync()).Target, (await api.NextRequestAsync()).Target));
    }

    [Fact]
    public async Task A_target_in_absolute_form_is_forwarded_in_origin_form_and_not_cached()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync("/api/customers/1");

        var answer = await proxy.AskRawAsync("http://api.test/api/customers/1");

        Assert.Equal("2", answer.Content);
        Assert.Equal(["cacheproxy; fwd=bypass; fwd-status=200; detail=target-override"], answer.Values("Cache-Status"));
        Assert.Equal(2, api.Count("GET /api/customers/1"));
    }

    [Fact]
    public async Task An_id_of_128_characters_is_cached_and_a_longer_one_is_not()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var longest = "/api/customers/" + new string('a', 128);

        await proxy.AskAsync(longest);
        Assert.True((await proxy.AskAsync(longest)).IsHit);
        Assert.Equal("cacheproxy; fwd=bypass; fwd-status=200; detail=key", (await proxy.AskAsync(longest + "a")).CacheStatus);
    }

    [Fact]
    public async Task Lists_searches_and_other_routes_are_never_cached_and_carry_no_Cache_Status()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var target in new[] { "/api/customers", "/api/customers?page=2", "/api/customers/search?q=a", "/api/customers/1/pets", "/other" })
        {
            var first = await proxy.AskAsync(target);
            var second = await proxy.AskAsync(target);
            Assert.NotEqual(first.Text, second.Text);
            Assert.Equal((null, null), (first["Cache-Status"], second["Cache-Status"]));
        }
    }
}
