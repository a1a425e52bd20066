using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>A WebSocket library on both ends notices nothing of what is between them, on routes with a cache policy and without.</summary>
public sealed class WebSocketTests
{
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    [Theory]
    [InlineData("1.1", "/socket")]
    [InlineData("1.1", "/api/customers/1")]
    [InlineData("2.0", "/socket")]
    [InlineData("2.0", "/api/customers/1")]
    public async Task Messages_of_all_kinds_and_sizes_and_the_end_pass(string version, string path)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("X-Tenant-Subdomain", "demo");
        socket.Options.AddSubProtocol("chat");

        await socket.ConnectAsync(new Uri($"ws://{proxy.Address.Authority}{path}"), invoker, TestContext.Current.CancellationToken);
        Assert.Equal("chat", socket.SubProtocol);

        foreach (var length in new[] { 0, 1, 125, 126, 65_536, 1_000_000 })
        {
            await AssertEchoAsync(socket, WebSocketMessageType.Binary, RandomNumberGenerator.GetBytes(length));
            await AssertEchoAsync(socket, WebSocketMessageType.Text, Encoding.UTF8.GetBytes(new string('\u00e9', length / 2)));
        }

        await socket.CloseAsync((WebSocketCloseStatus)4001, "enough", TestContext.Current.CancellationToken);
        Assert.Equal(((WebSocketCloseStatus?)4002, "agreed: 4001 enough"), (socket.CloseStatus, socket.CloseStatusDescription));
        Assert.Equal([$"GET {path}"], api.Requests);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_WebSocket_is_no_write_however_long_it_is_open(string version)
    {
        await using var api = await StubApi.StartAsync(
            static context => context.Request.Headers.Upgrade.Count > 0 ? EchoAsync(context) : Answers.Body("1")(context));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("X-Tenant-Subdomain", "demo");
        socket.Options.AddSubProtocol("chat");

        await socket.ConnectAsync(new Uri($"ws://{proxy.Address.Authority}/api/customers/1/pets"), invoker, TestContext.Current.CancellationToken);

        Assert.Equal(WebSocketState.Open, socket.State);
        Assert.Equal("cacheproxy; hit; ttl=", (await proxy.AskAsync("/api/customers/1")).CacheStatus[..21]);
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

    [Fact]
    public async Task A_refused_WebSocket_is_refused_in_the_APIs_words()
    {
        await using var upstream = await RawUpstream.StartAsync(
            _ => "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nno");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        const string Request =
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Version: 12\r\n\r\n";

        var direct = await RawHttp.SendAsync(upstream.Port, Request);
        var forwarded = await RawHttp.SendAsync(proxy.Port, Request);

        Comparison.AssertSame(KnownDifferences.OfResponses, direct, forwarded);
    }

    private static async Task AssertEchoAsync(ClientWebSocket socket, WebSocketMessageType type, byte[] message)
    {
        await socket.SendAsync(message, type, endOfMessage: true, TestContext.Current.CancellationToken);
        var answer = new byte[message.Length + 1];
        var count = 0;
        ValueWebSocketReceiveResult result;
        do
        {
            result = await socket.ReceiveAsync(answer.AsMemory(count), TestContext.Current.CancellationToken);
            count += result.Count;
        }
        while (!result.EndOfMessage);

        Assert.Equal(type, result.MessageType);
        Assert.Equal(message, answer[..count]);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var (request, response) = (context.Request.Headers, context.Response.Headers);
        response.Connection = "Upgrade";
        response.Upgrade = "websocket";
        response.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(request.SecWebSocketKey + KeySuffix)));
        response.SecWebSocketProtocol = request.SecWebSocketProtocol;
        await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });

        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is var received)
        {
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(
                    (WebSocketCloseStatus)4002, $"agreed: {(int)socket.CloseStatus!} {socket.CloseStatusDescription}", context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }
}
