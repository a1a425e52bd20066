using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Which fields of a response outlive the connection that they came by.</summary>
public sealed class ResponseFieldTests
{
    [Fact]
    public async Task Fields_that_the_responses_connection_names_are_not_stored()
    {
        // RFC 9110 §7.6.1, RFC 9111 §3.1
        await using var api = await RawUpstream.StartAsync(static _ =>
            "HTTP/1.1 200 OK\r\nConnection: a, B\r\na: 1\r\nb: 2\r\nc: 3\r\nContent-Length: 2\r\n\r\n{}");
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        using var first = await proxy.GetAsync("/api/customers/1");
        using var hit = await proxy.GetAsync("/api/customers/1");

        Assert.StartsWith("cacheproxy; hit", Assert.Single(hit.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.False(hit.Headers.Contains("a"));
        Assert.False(hit.Headers.Contains("b"));
        Assert.Equal(["3"], hit.Headers.GetValues("c"));
    }

    [Fact]
    public async Task Fields_that_a_304s_connection_names_do_not_update_the_stored_ones()
    {
        // RFC 9111 §3.2
        await using var api = await RawUpstream.StartAsync(static request => request.Values("If-None-Match").Count == 0
            ? "HTTP/1.1 200 OK\r\nCache-Control: max-age=0\r\nETag: \"1\"\r\na: 1\r\nb: 1\r\nContent-Length: 2\r\n\r\n{}"
            : "HTTP/1.1 304 Not Modified\r\nConnection: a\r\nETag: \"1\"\r\na: 2\r\nb: 2\r\n\r\n");
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        using var first = await proxy.GetAsync("/api/customers/1");
        using var validated = await proxy.GetAsync("/api/customers/1");

        Assert.Equal(2, api.Requests.Count);
        Assert.Equal(["1"], validated.Headers.GetValues("a"));
        Assert.Equal(["2"], validated.Headers.GetValues("b"));
    }

    [Fact]
    public async Task Requests_whose_varying_headers_mean_the_same_share_a_response()
    {
        // RFC 9111 §4.1
        await using var api = await RawUpstream.StartAsync(static _ =>
            "HTTP/1.1 200 OK\r\nVary: Accept-Language\r\nContent-Length: 2\r\n\r\n{}");
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        using var first = await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Accept-Language", "en, de"));
        using var same = await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Accept-Language", "eN,De"));
        using var other = await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Accept-Language", "de, en"));

        Assert.StartsWith("cacheproxy; hit", Assert.Single(same.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.StartsWith("cacheproxy; fwd=vary-miss", Assert.Single(other.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.Equal(2, api.Requests.Count);
    }
}
