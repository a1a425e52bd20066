using System.Security.Cryptography;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>Bytes move on when they arrive, in both directions, and are not collected on the way.</summary>
[Collection(nameof(MemoryCollection))]
public sealed class StreamingTests
{
    private const int Block = 256 * 1024;
    private const long BigBody = 256L * 1024 * 1024;
    private const long AllowedGrowth = 64L * 1024 * 1024;
    private const long SampleEvery = 32L * 1024 * 1024;

    private long _mostMemory;

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
    public async Task A_big_body_goes_up_and_comes_down_in_constant_memory()
    {
        var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var arrived = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            // What was read ahead with the head belongs to the body.
            await exchange.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await ReceiveAsync(exchange.Connection.Stream, arrived);
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {BigBody}\r\n\r\n");
            await SendAsync(exchange.Connection.Stream, sent: null);
            exchange.Close();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        _mostMemory = 0;

        await client.WriteAsync($"PUT /big HTTP/1.1\r\nHost: x\r\nContent-Length: {BigBody}\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await SendAsync(client.Stream, sent);
        Assert.StartsWith("HTTP/1.1 200", await ReadHeadByByteAsync(client.Stream), StringComparison.Ordinal);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await ReceiveAsync(client.Stream, received);

        Assert.Equal(sent.GetHashAndReset(), arrived.GetHashAndReset());
        Assert.InRange(_mostMemory - before, long.MinValue, AllowedGrowth);
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

    [Fact]
    public async Task A_WebSocket_carries_bytes_both_ways()
    {
        await using var upstream = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n");
            await exchange.WriteAsync("you said " + await exchange.Connection.ReadThroughAsync("!"));
            exchange.Close();
        });
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
        var head = await client.ReadHeadAsync();
        await client.WriteAsync("\u0081\u0000hello!");

        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
        Assert.Equal("you said \u0081\u0000hello!", await client.ReadToEndAsync());
        var request = await upstream.NextRequestAsync();
        Assert.Equal(["websocket"], request.Values("Upgrade"));
        Assert.Equal(["dGhlIHNhbXBsZSBub25jZQ=="], request.Values("Sec-WebSocket-Key"));
        Assert.Equal(["chat"], request.Values("Sec-WebSocket-Protocol"));
    }

    private async Task SendAsync(Stream stream, IncrementalHash? sent)
    {
        var block = new byte[Block];
        for (long done = 0; done < BigBody; done += Block)
        {
            BitConverter.TryWriteBytes(block, done);
            sent?.AppendData(block);
            if (done % SampleEvery == 0)
            {
                _mostMemory = Math.Max(_mostMemory, GC.GetTotalMemory(forceFullCollection: true));
            }

            await stream.WriteAsync(block, TestContext.Current.CancellationToken);
        }
    }

    private static async Task ReceiveAsync(Stream stream, IncrementalHash arrived)
    {
        var block = new byte[Block];
        for (long done = 0; done < BigBody;)
        {
            var count = await stream.ReadAsync(block.AsMemory(0, (int)Math.Min(Block, BigBody - done)), TestContext.Current.CancellationToken);
            Assert.NotEqual(0, count);
            arrived.AppendData(block, 0, count);
            done += count;
        }
    }

    // Not a byte of the body may be read here: the rest is taken from the bare stream.
    private static async Task<string> ReadHeadByByteAsync(Stream stream)
    {
        var head = new List<char>();
        var one = new byte[1];
        while (head is not [.., '\r', '\n', '\r', '\n'] && await stream.ReadAsync(one, TestContext.Current.CancellationToken) == 1)
        {
            head.Add((char)one[0]);
        }

        return new string([.. head]);
    }
}
