using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Reporting;

/// <summary>Cache-Status (RFC 9211) beside what another cache has written, and where nothing came from the API.</summary>
public sealed class CacheStatusAnswerTests
{
    private const string Customer = "/api/customers/1";

    [Fact]
    public async Task Ours_follows_that_of_a_cache_before_the_API_in_a_fill_a_hit_and_a_forward()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Cache-Status", "origin-cache; hit; ttl=9")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var fill = await proxy.AskAsync(Customer);
        var hit = await proxy.AskAsync(Customer);
        var forward = await proxy.AskAsync(Customer, ("Cache-Control", "no-store"));

        Assert.Equal("origin-cache; hit; ttl=9, cacheproxy; fwd=uri-miss; fwd-status=200; stored", fill.CacheStatus);
        Assert.StartsWith("origin-cache; hit; ttl=9, cacheproxy; hit; ttl=", hit.CacheStatus, StringComparison.Ordinal);
        Assert.Equal("origin-cache; hit; ttl=9, cacheproxy; fwd=request; fwd-status=200; detail=request-no-store", forward.CacheStatus);
    }

    [Fact]
    public async Task A_route_without_a_policy_shows_only_what_the_API_sent()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Cache-Status", "origin-cache; hit")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("origin-cache; hit", (await proxy.AskAsync("/api/customers")).CacheStatus);
    }

    [Theory]
    [InlineData(null, "cacheproxy; fwd=uri-miss")]
    [InlineData("no-store", "cacheproxy; fwd=request; detail=request-no-store")]
    public async Task No_status_is_named_where_the_API_gave_none(string? cacheControl, string expected)
    {
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{RedisServer.FreePort()}/");

        var answer = await proxy.AskAsync(Customer, ("Cache-Control", cacheControl ?? "max-age=1"));

        Assert.Equal((502, expected), (answer.Status, answer.CacheStatus));
    }

    [Fact]
    public async Task Credentials_that_the_policy_wants_forwarded()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:Credentials", "Bypass")]);

        var answer = await proxy.AskAsync(Customer, ("Authorization", "Bearer 1"));

        Assert.Equal("cacheproxy; fwd=bypass; fwd-status=200; detail=credentials", answer.CacheStatus);
    }

    [Fact]
    public async Task Credentials_that_the_API_does_not_share()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:Credentials", "Rfc9111")]);

        var answer = await proxy.AskAsync(Customer, ("Authorization", "Bearer 1"));

        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; detail=authorization", answer.CacheStatus);
    }

    [Fact]
    public async Task A_store_that_does_not_answer()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, redis: redis.ConnectionString);
        await redis.KillAsync();

        await Eventually.TrueAsync(async () =>
            (await proxy.AskAsync(Customer)).CacheStatus == "cacheproxy; fwd=miss; fwd-status=200; detail=store-unavailable");
        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.Equal("cacheproxy; fwd=bypass; fwd-status=200; detail=eviction-pending", (await proxy.AskAsync(Customer)).CacheStatus);
    }

    [Fact]
    public async Task An_entry_that_stands_for_a_validator_and_nothing_else()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Cache-Control", "no-cache")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; detail=not-reusable", (await proxy.AskAsync(Customer)).CacheStatus);
    }
}
