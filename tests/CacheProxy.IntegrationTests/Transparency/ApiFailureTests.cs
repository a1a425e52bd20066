using CacheProxy.IntegrationTests.Harness;
using Xunit;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>What a client sees of an API that is down, slow or gone in the middle.</summary>
public sealed class ApiFailureTests
{
    [Fact]
    public async Task An_API_that_is_down_is_a_bad_gateway()
    {
        await using var proxy = await TransparencyHost.StartAsync(TransparencyHost.DeadPort());

        var response = await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal("HTTP/1.1 502 Bad Gateway", response.StartLine);
        Assert.Empty(response.Values("Server"));
    }

    [Fact]
    public async Task An_API_that_does_not_answer_in_time_is_a_gateway_timeout()
    {
        var testIsOver = new TaskCompletionSource();
        await using var upstream = await RawUpstream.StartAsync(_ => testIsOver.Task);
        await using var proxy = await TransparencyHost.StartAsync(
            upstream.Port, request: new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromMilliseconds(200) });

        var response = await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        testIsOver.SetResult();

        Assert.Equal("HTTP/1.1 504 Gateway Timeout", response.StartLine);
    }

    [Theory]
    [InlineData("GET", "", false)]
    [InlineData("GET", "", true)]
    [InlineData("DELETE", "", false)]
    [InlineData("DELETE", "", true)]
    [InlineData("POST", "", false)]
    [InlineData("POST", "Content-Length: 0\r\n", true)]
    [InlineData("PURGE", "", false)]
    public async Task A_request_that_the_API_took_and_did_not_answer_is_not_sent_again(string method, string header, bool resets)
    {
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            if (exchange.Request.Target == "/warm")
            {
                await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
            else if (resets)
            {
                exchange.Connection.Reset();
            }
            else
            {
                exchange.Close();
            }
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        // The HTTP client repeats most readily on a connection that has served before.
        await RawHttp.SendAsync(proxy.Port, "GET /warm HTTP/1.1\r\nHost: x\r\n\r\n");
        var response = await RawHttp.SendAsync(proxy.Port, $"{method} /x HTTP/1.1\r\nHost: x\r\n{header}\r\n");

        Assert.Equal(502, response.Status);
        Assert.Equal("/warm", (await upstream.NextRequestAsync()).Target);
        Assert.Equal("/x", (await upstream.NextRequestAsync()).Target);
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na")]
    [InlineData("HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("220 mail.example ready\r\n\r\n")]
    public async Task An_answer_that_is_not_HTTP_is_a_bad_gateway(string answer)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => answer);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        Assert.Equal(502, (await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Fact]
    public async Task A_tunnel_is_refused()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        Assert.Equal(502, (await RawHttp.SendAsync(proxy.Port, "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n")).Status);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_request_to_the_API()
    {
        var arrived = new TaskCompletionSource();
        var upstreamSawTheEnd = new TaskCompletionSource();
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            arrived.SetResult();
            await exchange.Connection.ReadToEndAsync();
            upstreamSawTheEnd.SetResult();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        await using (var client = await RawHttpConnection.OpenAsync(proxy.Port))
        {
            await client.WriteAsync("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
            await arrived.Task;
        }

        await upstreamSawTheEnd.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
