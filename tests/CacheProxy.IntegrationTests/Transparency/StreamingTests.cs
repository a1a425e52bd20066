using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>Bytes move on when they arrive, in both directions, and are not collected on the way.</summary>
public sealed class StreamingTests
{
    [Theory, InlineData("Content-Type: text/event-stream\r\n"), InlineData("Content-Type: application/json\r\n"), InlineData("Content-Length: 5\r\n")]
    public async Task The_head_of_a_response_goes_out_before_its_first_byte(string header)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{header}Connection: close\r\n\r\n");
            await gate.Task;
            await exchange.WriteAsync("later");
            exchange.Close();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync("GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var head = await client.ReadHeadAsync();
        gate.SetResult();

        Assert.StartsWith("HTTP/1.1 200 OK", head, StringComparison.Ordinal);
        Assert.Contains("later", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_event_arrives_before_the_next_is_sent()
    {
        var received = new SemaphoreSlim(0);
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (var number in "123")
            {
                await exchange.WriteAsync($"9\r\ndata: {number}\n\n\r\n");
                await received.WaitAsync(TestContext.Current.CancellationToken);
            }

            await exchange.WriteAsync("0\r\n\r\n");
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
        foreach (var number in "123")
        {
            Assert.EndsWith($"data: {number}\n\n", await client.ReadThroughAsync($"data: {number}\n\n"), StringComparison.Ordinal);
            received.Release();
        }

        Assert.EndsWith("0\r\n\r\n", await client.ReadThroughAsync("0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_body_is_passed_on_while_it_is_still_being_sent()
    {
        var firstPart = new TaskCompletionSource();
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.Connection.ReadThroughAsync("first");
            firstPart.SetResult();
            await exchange.Connection.ReadThroughAsync("0\r\n\r\n");
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        // More than the HTTP client's write buffer; what is smaller waits in it for more.
        await client.WriteAsync($"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10005\r\nfirst{new string('x', 65536)}\r\n");
        await firstPart.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await client.WriteAsync("4\r\nlast\r\n0\r\n\r\n");

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task The_API_decides_whether_the_content_after_Expect_is_sent()
    {
        await using var upstream = await RawUpstream.StartAsync(
            async exchange => await exchange.WriteAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"));
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync("PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\nExpect: 100-continue\r\n\r\n");
        var response = await client.ReadResponseAsync("PUT");

        Assert.Equal("HTTP/1.1 417 Expectation Failed", response.StartLine);
        Assert.Equal(["100-continue"], (await upstream.NextRequestAsync()).Values("Expect"));
    }

    [Theory, InlineData("Content-Length: 10\r\n\r\nabc"), InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")]
    public async Task A_response_that_breaks_off_breaks_off_at_the_client_too(string framingAndStart)
    {
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\n" + framingAndStart);
            exchange.Close();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        var everything = await RawHttp.SendUntilCloseAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");

        // How much got through before the end is open; that it looks whole is not.
        Assert.DoesNotContain("\r\n0\r\n\r\n", everything, StringComparison.Ordinal);
    }
}
