using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>A route with a cache policy is as transparent as one without: what it forwards, and what it stores and serves again.</summary>
public sealed class CachedRouteTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok";
    private const string Read = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Write = "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na";

    private static readonly (string, string?)[] EverythingIsCached =
    [
        ("ReverseProxy:Routes:everything-else:Metadata:CachePolicy", "everything"),
        ("CacheProxy:Policies:everything:Key", "{host}{path}"),
        ("CacheProxy:Policies:everything:Ttl", "00:05:00"),
        ("CacheProxy:Policies:everything:NegativeTtl", "00:05:00"),
        ("CacheProxy:Policies:everything:StatusCodes", "*"),
        ("CacheProxy:Policies:everything:EvictOn", "*"),
        ("CacheProxy:Policies:everything:Credentials", "Shared"),
    ];

    [Theory, MemberData(nameof(ComparisonTests.Requests), MemberType = typeof(ComparisonTests))]
    public async Task A_request_arrives_as_if_sent_directly(string request)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => Ok);
        await using var proxy = await StartAsync(upstream);

        await RawHttp.SendAsync(upstream.Port, request);
        await RawHttp.SendAsync(proxy.Address.Port, request);

        Comparison.AssertSame(
            [.. KnownDifferences.OfRequestsOnCachedRoutes, .. KnownDifferences.OfRequests],
            await upstream.NextRequestAsync(),
            await upstream.NextRequestAsync());
    }

    [Theory, MemberData(nameof(ComparisonTests.Responses), MemberType = typeof(ComparisonTests))]
    public async Task A_response_to_a_read_comes_back_as_if_asked_directly_and_so_does_what_was_stored_of_it(string response)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => response);
        await using var proxy = await StartAsync(upstream);

        var direct = await RawHttp.SendAsync(upstream.Port, Read);
        var first = await RawHttp.SendAsync(proxy.Address.Port, Read);
        var second = await RawHttp.SendAsync(proxy.Address.Port, Read);

        // What is stale at once is stored for its validator, and asked for again.
        var isHit = first.Values("Cache-Status")[^1].EndsWith("; stored", StringComparison.Ordinal) && !response.Contains("Expires: -1", StringComparison.Ordinal);
        Assert.Equal(isHit, second.Values("Cache-Status")[^1].StartsWith("cacheproxy; hit", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => upstream.Requests.Count == (isHit ? 2 : 3));
        KnownDifference[] always = [.. KnownDifferences.OfResponses, .. KnownDifferences.OfReadsOnCachedRoutes];
        Comparison.AssertSame(always, direct, first);
        Comparison.AssertSame(isHit ? [.. KnownDifferences.OfHits, .. always] : always, direct, second);
    }

    [Fact]
    public async Task A_refresh_in_the_background_asks_as_the_client_did()
    {
        const string Request =
            "GET /A/b/?x=%20y+z&%41 HTTP/1.1\r\nHost: Example.COM:8080\r\naccept: */*\r\nX-R: 1\r\nX-Other: o\r\nx-r: 2\r\nX-Latin: caf\u00e9\r\n"
            + "Cookie: a=1\r\nCookie: b=\"2\"\r\nAuthorization: Basic \u00e9\r\nX-Forwarded-For: 203.0.113.9\r\nVia: 1.1 edge\r\n\r\n";
        var time = new FakeTimeProvider();
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{upstream.Port}/",
            [.. EverythingIsCached, ("CacheProxy:Policies:everything:StaleWhileRevalidate", "00:05:00")],
            time: time);
        await RawHttp.SendAsync(proxy.Address.Port, Request);
        var first = await upstream.NextRequestAsync();

        time.Advance(TimeSpan.FromMinutes(6));
        var stale = await RawHttp.SendAsync(proxy.Address.Port, Request);
        var refresh = await upstream.NextRequestAsync();

        Assert.StartsWith("cacheproxy; hit; ttl=-", stale.Values("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.Equal(first.Text, refresh.Text);
    }

    [Theory, MemberData(nameof(ComparisonTests.Responses), MemberType = typeof(ComparisonTests))]
    public async Task A_response_to_a_write_comes_back_as_if_asked_directly(string response)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => response);
        await using var proxy = await StartAsync(upstream);

        var direct = await RawHttp.SendAsync(upstream.Port, Write);
        var forwarded = await RawHttp.SendAsync(proxy.Address.Port, Write);

        Comparison.AssertSame(KnownDifferences.OfResponses, direct, forwarded);
    }

    [Fact]
    public async Task Each_event_arrives_before_the_next_is_sent()
    {
        var received = new SemaphoreSlim(0);
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (var number in "0123")
            {
                await received.WaitAsync(TestContext.Current.CancellationToken);
                await exchange.WriteAsync($"9\r\ndata: {number}\n\n\r\n");
            }

            await exchange.WriteAsync("0\r\n\r\n");
        });
        await using var proxy = await StartAsync(upstream);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Address.Port);

        await client.WriteAsync(Read);
        Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadHeadAsync(), StringComparison.Ordinal);
        foreach (var number in "0123")
        {
            received.Release();
            Assert.EndsWith($"data: {number}\n\n", await client.ReadThroughAsync($"data: {number}\n\n"), StringComparison.Ordinal);
        }

        Assert.EndsWith("0\r\n\r\n", await client.ReadThroughAsync("0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "Content-Length: 10\r\n\r\nabc")]
    [InlineData("GET", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")]
    [InlineData("PUT", "Content-Length: 10\r\n\r\nabc")]
    [InlineData("PUT", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")]
    public async Task A_response_that_breaks_off_breaks_off_at_the_client_too(string method, string framingAndStart)
    {
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\n" + framingAndStart);
            exchange.Close();
        });
        await using var proxy = await StartAsync(upstream);

        // It ends, though the client did not ask for that: how much got through before is open, that it looks whole is not.
        var everything = await RawHttp.SendUntilCloseAsync(proxy.Address.Port, $"{method} /x HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.DoesNotContain("\r\n0\r\n\r\n", everything, StringComparison.Ordinal);
    }

    [Theory, InlineData("Content-Length: 7\r\n"), InlineData("Transfer-Encoding: chunked\r\n"), InlineData("")]
    public async Task A_response_to_HEAD_has_the_headers_and_no_body(string framing)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => $"HTTP/1.1 200 OK\r\n{framing}ETag: \"a\"\r\nX-A: 1\r\n\r\n");
        await using var proxy = await StartAsync(upstream);

        var direct = await RawHttp.SendAsync(upstream.Port, "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
        var everything = await RawHttp.SendUntilCloseAsync(proxy.Address.Port, "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.EndsWith("\r\n\r\n", everything, StringComparison.Ordinal);
        var withoutFraming = new RawHttpMessage(direct.Head.Replace("Transfer-Encoding: chunked\r\n", "", StringComparison.Ordinal), "");
        Comparison.AssertSame(
            [.. KnownDifferences.OfResponses, .. KnownDifferences.OfReadsOnCachedRoutes], withoutFraming, new RawHttpMessage(everything, ""));
    }

    [Theory, InlineData("PUT", "abc"), InlineData("PUT", ""), InlineData("GET", "abc"), InlineData("GET", "")]
    public async Task Trailers_pass_in_HTTP_2(string method, string content)
    {
        await using var api = await Http2Api.StartAsync(async context =>
        {
            if (content.Length > 0)
            {
                await context.Response.WriteAsync(content);
            }

            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var proxy = await StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Address.Port, "/x", HttpMethod.Parse(method));

        using var response = await client.SendAsync(call, TestContext.Current.CancellationToken);

        Assert.Equal(content, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    private static Task<ProxyUnderTest> StartAsync(RawUpstream upstream) => StartAsync(upstream.Port);

    private static Task<ProxyUnderTest> StartAsync(int port) => ProxyUnderTest.StartAsync($"http://127.0.0.1:{port}/", EverythingIsCached);
}
