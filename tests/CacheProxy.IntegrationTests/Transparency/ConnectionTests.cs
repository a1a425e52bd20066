using System.Diagnostics;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>The client's connection and the API's are two: each is kept and closed by its own rules.</summary>
public sealed class ConnectionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task A_connection_serves_one_request_after_the_other()
    {
        await using var upstream = await RawUpstream.StartAsync(request => Answer(request));
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        foreach (var target in new[] { "/1", "/2", "/3" })
        {
            await client.WriteAsync($"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
            Assert.Equal(target, (await client.ReadResponseAsync()).Content);
        }

        Assert.Equal(1, upstream.ConnectionCount);
    }

    [Fact]
    public async Task Requests_that_are_sent_without_waiting_are_answered_in_their_order()
    {
        await using var upstream = await RawUpstream.StartAsync(request => Answer(request));
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync(
            "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
            + "PUT /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            + "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            + "DELETE /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        foreach (var target in new[] { "/1", "/2", "/3", "/4" })
        {
            Assert.Equal(target, (await client.ReadResponseAsync()).Content);
        }

        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal(["", "abc", "abc", ""], upstream.Requests.Select(request => request.Content));
    }

    [Fact]
    public async Task A_client_that_wants_its_connection_closed_has_its_answer_and_the_end()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => Ok);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var response = await client.ReadResponseAsync();

        Assert.Equal("ok", response.Content);
        Assert.Equal(["close"], response.Values("Connection"));
        Assert.Equal("", await client.ReadToEndAsync());

        // The wish was for the client's connection; the one to the API serves the next client.
        await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(1, upstream.ConnectionCount);
    }

    [Theory, InlineData("Connection: close\r\nContent-Length: 2\r\n"), InlineData("Connection: close\r\nTransfer-Encoding: chunked\r\n"), InlineData("")]
    public async Task An_API_that_closes_its_connection_does_not_close_the_clients(string lines)
    {
        var isChunked = lines.Contains("chunked", StringComparison.Ordinal);
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{lines}\r\n" + (isChunked ? "2\r\nok\r\n0\r\n\r\n" : "ok"));
            exchange.Close();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        for (var i = 1; i <= 3; i++)
        {
            await client.WriteAsync("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
            var response = await client.ReadResponseAsync();

            Assert.Equal("ok", response.Content);
            Assert.Empty(response.Values("Connection"));
            Assert.Equal(i, upstream.ConnectionCount);
        }
    }

    [Theory, InlineData("Content-Length: 2\r\n\r\nok"), InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task A_client_of_HTTP_1_0_has_the_content_without_chunks_and_then_the_end(string framingAndContent)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\n" + framingAndContent);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        var everything = await RawHttp.SendUntilCloseAsync(proxy.Port, "GET /x HTTP/1.0\r\nHost: x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("chunked", everything, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nok", everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_HTTP_1_0_may_keep_its_connection()
    {
        await using var upstream = await RawUpstream.StartAsync(request => Answer(request));
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        foreach (var target in new[] { "/1", "/2" })
        {
            await client.WriteAsync($"GET {target} HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
            var response = await client.ReadResponseAsync();

            Assert.Equal(target, response.Content);
            Assert.Equal(["keep-alive"], response.Values("Connection"));
        }

        await client.WriteAsync("GET /3 HTTP/1.0\r\n\r\n");
        Assert.EndsWith("/3", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_connection_to_the_API_is_closed_by_the_sidecar_and_not_left_to_the_API()
    {
        var closed = new TaskCompletionSource();
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync(Ok);
            await exchange.Connection.ReadToEndAsync();
            closed.SetResult();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");

        await closed.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Trace_headers_pass_as_they_came_even_where_the_sidecar_is_traced()
    {
        const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        await using var upstream = await RawUpstream.StartAsync(_ => Ok);
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        await RawHttp.SendAsync(proxy.Port, $"GET /x HTTP/1.1\r\nHost: x\r\ntraceparent: {Trace}\r\n\r\n");

        Assert.Equal([Trace], Assert.Single(upstream.Requests).Values("traceparent"));
    }

    private static string Answer(RawHttpMessage request) =>
        $"HTTP/1.1 200 OK\r\nContent-Length: {request.Target.Length}\r\n\r\n{request.Target}";
}
