using System.Net;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http.Features;
using Xunit;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>What stands before the final response and after the content; where it cannot pass, what surrounds it does.</summary>
public sealed class InterimAndTrailerTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string WithTrailers =
        "HTTP/1.1 200 OK\r\nTrailer: X-Sum, X-Count\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nX-Count: 1\r\n\r\n";

    [Theory]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")]
    [InlineData("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    public async Task Interim_responses_do_not_reach_the_client_and_the_final_one_does(string interim)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => interim + Ok);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        // Twice on one connection: nothing of the first answer may be left for the second.
        for (var i = 0; i < 2; i++)
        {
            await client.WriteAsync("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
            var response = await client.ReadResponseAsync();

            Assert.Equal(("HTTP/1.1 200 OK", "ok"), (response.StartLine, response.Content));
            Assert.Empty(response.Values("Link"));
        }
    }

    [Fact]
    public async Task A_client_that_asks_for_100_Continue_gets_it_when_the_API_asks_for_the_content()
    {
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await exchange.ReadBodyAsync();
            await exchange.WriteAsync(Ok);
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await client.ReadResponseAsync()).Status);
        await client.WriteAsync("abc");

        Assert.Equal("ok", (await client.ReadResponseAsync()).Content);
        Assert.Equal("abc", (await upstream.NextRequestAsync()).Content);
    }

    [Fact]
    public async Task OPTIONS_of_the_whole_server_arrives_as_that_of_the_root()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 204 No Content\r\nAllow: GET, PUT\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        var response = await RawHttp.SendAsync(proxy.Port, "OPTIONS * HTTP/1.1\r\nHost: x\r\nX-Kept: 1\r\n\r\n");

        Assert.Equal((204, "GET, PUT"), (response.Status, response.Values("Allow").Single()));
        var request = await upstream.NextRequestAsync();
        Assert.Equal("OPTIONS / HTTP/1.1", request.StartLine);
        Assert.Equal(["1"], request.Values("X-Kept"));
    }

    [Fact]
    public async Task Trailers_of_a_request_are_dropped_and_its_content_is_whole()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => Ok);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        for (var i = 0; i < 2; i++)
        {
            await client.WriteAsync(
                "POST /x HTTP/1.1\r\nHost: x\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n");

            Assert.Equal("ok", (await client.ReadResponseAsync()).Content);
            var request = await upstream.NextRequestAsync();
            Assert.Equal("abc", request.Content);
            Assert.Empty(request.Trailers);
            Assert.Empty(request.Values("X-Sum"));
        }
    }

    [Fact]
    public async Task So_are_they_in_HTTP_2()
    {
        var arrived = new List<(string Content, string Trailer)>();
        await using var api = await Http2Api.StartAsync(async context =>
        {
            using var content = new StreamReader(context.Request.Body);
            var text = await content.ReadToEndAsync();
            var trailers = context.Features.Get<IHttpRequestTrailersFeature>()!.Trailers;
            arrived.Add((text, trailers["x-sum"].ToString()));
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);

        await RawHttp2.PostAsync(api.Port, "abc", ("x-sum", "7"));
        await RawHttp2.PostAsync(proxy.Port, "abc", ("x-sum", "7"));

        Assert.Equal([("abc", "7"), ("abc", "")], arrived);
    }

    [Fact]
    public async Task Trailers_of_a_response_do_not_reach_a_client_of_HTTP_1_and_its_content_does()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => WithTrailers);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        for (var i = 0; i < 2; i++)
        {
            await client.WriteAsync("GET /x HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n");
            var response = await client.ReadResponseAsync();

            Assert.Equal("abc", response.Content);
            Assert.Empty(response.Trailers);
            Assert.Empty(response.Values("X-Sum"));
        }
    }

    [Fact]
    public async Task They_reach_a_client_of_HTTP_2_also_from_an_API_of_HTTP_1()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => WithTrailers);
        await using var proxy = await TransparencyHost.StartAsync(
            upstream.Port, request: new ForwarderRequestConfig { Version = HttpVersion.Version11 });
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/x", HttpMethod.Get);

        using var response = await client.SendAsync(call, TestContext.Current.CancellationToken);

        Assert.Equal("abc", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            ["x-sum: 7", "x-count: 1"],
            response.TrailingHeaders.Select(field => $"{field.Key.ToLowerInvariant()}: {field.Value.Single()}"));
    }
}
