using System.Net;
using System.Net.Http.Headers;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>One port without TLS speaks HTTP/1.1 and HTTP/2, and the API is spoken to in the client's version.</summary>
public sealed class CleartextHttp2Tests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    [Fact]
    public async Task A_call_in_the_manner_of_gRPC_passes_with_its_trailers()
    {
        await using var api = await Http2Api.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["x-seen"] = $"{context.Request.Protocol} {context.Request.Scheme} {context.Request.Host} {context.Request.Headers.TE}";
            await context.Request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", "0");
            context.Response.AppendTrailer("grpc-message", "fine");
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/pkg.Service/Call%2F1");
        call.Content = new ByteArrayContent([0, 0, 0, 0, 1, 42]);
        call.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        call.Headers.TE.ParseAdd("trailers");

        using var response = await client.SendAsync(call, TestContext.Current.CancellationToken);

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal([0, 0, 0, 0, 1, 42], await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal($"HTTP/2 http 127.0.0.1:{proxy.Port} trailers", response.Headers.GetValues("x-seen").Single());
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal("fine", response.TrailingHeaders.GetValues("grpc-message").Single());
    }

    [Fact]
    public async Task A_response_of_trailers_alone_stays_one()
    {
        await using var api = await Http2Api.StartAsync(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.AppendTrailer("grpc-status", "5");
            return Task.CompletedTask;
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/x");

        using var response = await client.SendAsync(call, TestContext.Current.CancellationToken);

        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("5", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task A_conversation_in_both_directions_is_not_held_back()
    {
        await using var api = await Http2Api.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.FlushAsync();
            var message = new byte[1];
            while (await context.Request.Body.ReadAsync(message) > 0)
            {
                message[0]++;
                await context.Response.Body.WriteAsync(message);
                await context.Response.Body.FlushAsync();
            }
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/chat");
        var content = new OpenEndedContent();
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        call.Content = content;

        using var response = await client.SendAsync(call, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var answers = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var answer = new byte[1];
        foreach (var message in new byte[] { 1, 5, 9 })
        {
            await content.SendAsync(message);
            Assert.Equal(1, await answers.ReadAsync(answer, TestContext.Current.CancellationToken));
            Assert.Equal(message + 1, answer[0]);
        }

        content.End();
        Assert.Equal(0, await answers.ReadAsync(answer, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_call_that_the_API_breaks_off_breaks_off_at_the_client()
    {
        var received = new TaskCompletionSource();
        await using var api = await Http2Api.StartAsync(async context =>
        {
            await context.Response.Body.WriteAsync(new byte[] { 1 });
            await context.Response.Body.FlushAsync();
            await received.Task;
            context.Abort();
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/x");

        using var response = await client.SendAsync(call, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        received.SetResult();

        await Assert.ThrowsAnyAsync<IOException>(() => body.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public async Task A_call_that_the_client_gives_up_ends_at_the_API()
    {
        var arrived = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        await using var api = await Http2Api.StartAsync(async context =>
        {
            await using var registration = context.RequestAborted.Register(ended.SetResult);
            arrived.SetResult();
            await ended.Task;
        });
        await using var proxy = await TransparencyHost.StartAsync(api.Port);
        using var client = Http2Client.Start();
        using var call = Http2Client.Call(proxy.Port, "/x");
        using var givenUp = new CancellationTokenSource();

        var answer = client.SendAsync(call, givenUp.Token);
        await arrived.Task;
        await givenUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_same_port_serves_HTTP_1_and_asks_the_API_in_it()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);

        await RawHttp.SendAsync(proxy.Port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal("GET /x HTTP/1.1", (await upstream.NextRequestAsync()).StartLine);
    }

    [Theory, InlineData("PRI /x HTTP/1.1\r\nHost: x\r\n\r\n"), InlineData("P"), InlineData("PRI * HTTP/2.0\r\n\r")]
    public async Task What_begins_like_HTTP_2_and_is_not_stays_HTTP_1(string opening)
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        await client.WriteAsync(opening);
        client.FinishWriting();
        var answer = await client.ReadToEndAsync();

        // Where the end comes after it, the server's HTTP/1 answers such a line with GOAWAY and HTTP_1_1_REQUIRED (RFC 9113 §7).
        var refusal = answer.Length == 17 && answer[3] == '\x7' && answer[^1] == '\xd';
        Assert.True(answer.Length == 0 || refusal || answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task A_preface_in_pieces_is_still_one()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "");
        await using var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        foreach (var character in Preface)
        {
            await client.WriteAsync(character.ToString());
        }

        const string emptySettings = "\0\0\0\u0004\0\0\0\0\0";
        await client.WriteAsync(emptySettings);

        // Type and stream of the first frame: SETTINGS, the connection's own.
        Assert.Equal("\u0004\0\0\0\0\0", (await client.ReadAsync(9))[3..]);
    }

    [Fact]
    public async Task A_silent_connection_does_not_keep_the_sidecar_from_stopping()
    {
        await using var upstream = await RawUpstream.StartAsync(_ => "");
        var proxy = await TransparencyHost.StartAsync(upstream.Port);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Port);

        var stopping = proxy.DisposeAsync().AsTask();

        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal("", await client.ReadToEndAsync());
    }
}
