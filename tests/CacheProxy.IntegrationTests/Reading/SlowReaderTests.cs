using System.Net;
using System.Net.Sockets;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Clients that ask and do not read: what is kept in memory for them has a bound and an end.</summary>
public sealed class SlowReaderTests
{
    private const int Mebi = 1024 * 1024;

    // More than the kernel takes off the server's hands.
    private const int Pipelined = 16;

    private static readonly TimeSpan Unread = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Beyond_the_bound_a_stored_body_is_not_read_but_forwarded_until_there_is_room()
    {
        await using var api = await StubApi.StartAsync(SendAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Memory:MaxHeldBytes", $"{Mebi}")]);
        await proxy.AskAsync("/api/customers/1");
        await proxy.AskAsync("/api/customers/2");
        Assert.True((await proxy.AskAsync("/api/customers/2")).IsHit);
        var reader = await AskAsync(proxy, "/api/customers/1");
        await StuckAsync(reader);

        var forwarded = await proxy.AskAsync("/api/customers/2");
        Assert.Equal((200, Mebi, "cacheproxy; fwd=miss; fwd-status=200; detail=memory-full"), (forwarded.Status, forwarded.Bytes.Length, forwarded.CacheStatus));
        var filled = await proxy.AskAsync("/api/customers/3");
        Assert.Equal((200, Mebi, "cacheproxy; fwd=uri-miss; fwd-status=200; detail=memory-full"), (filled.Status, filled.Bytes.Length, filled.CacheStatus));
        // The same body is kept once, however many are sent it.
        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
        reader.Dispose();
        await Eventually.TrueAsync(() => proxy.Services.GetRequiredService<HeldBodies>().Bytes == 0);
        Assert.True((await proxy.AskAsync("/api/customers/2")).IsHit);
    }

    [Theory]
    [InlineData("/api/customers/1")]
    // A fill: what is copied of it is kept for the client that it came for.
    [InlineData("/api/customers/2")]
    public async Task Who_reads_nothing_of_what_is_kept_in_memory_is_cut_off(string target)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(SendAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        using var reader = await AskAsync(proxy, target);
        await StuckAsync(reader);

        // Each lets as long pass as it may leave the body unread.
        await Eventually.TrueAsync(() =>
        {
            time.Advance(Unread);
            return proxy.Services.GetRequiredService<HeldBodies>().Bytes == 0;
        });

        Assert.InRange(await ReadToEndAsync(reader), 0, (Pipelined * Mebi) - 1);
        Assert.True((await proxy.AskAsync(target)).IsHit);
    }

    [Fact]
    public async Task Who_reads_nothing_of_what_only_passes_through_is_not()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return SendAsync(context);
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        using var reader = await AskAsync(proxy, "/api/customers/1");
        await StuckAsync(reader);

        time.Advance(TimeSpan.FromHours(1));

        Assert.InRange(await ReadToEndAsync(reader), Pipelined * Mebi, int.MaxValue);
    }

    private static async Task<Socket> AskAsync(ProxyUnderTest proxy, string target)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Address.Port);
        var request = $"GET {target} HTTP/1.1\r\nHost: {proxy.Address.Authority}\r\nX-Tenant-Subdomain: demo\r\n";
        var requests = string.Concat(Enumerable.Repeat(request + "\r\n", Pipelined - 1));
        await socket.SendAsync(Encoding.ASCII.GetBytes($"{requests}{request}Connection: close\r\n\r\n"));
        return socket;
    }

    /// <summary>The server has had an answer for it and can send it no more.</summary>
    private static async Task StuckAsync(Socket reader)
    {
        await Eventually.TrueAsync(() => reader.Available > 0);
        var before = 0;
        await Eventually.TrueAsync(() =>
        {
            var (last, now) = (before, reader.Available);
            before = now;
            return now == last;
        });
    }

    private static async Task<int> ReadToEndAsync(Socket reader)
    {
        var buffer = new byte[Mebi];
        var total = 0;
        try
        {
            while (await reader.ReceiveAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
            {
                total += read;
            }
        }
        catch (SocketException)
        {
            // Reset: the other end of the same.
        }

        return total;
    }

    private static async Task SendAsync(HttpContext context)
    {
        context.Response.ContentLength = Mebi;
        await context.Response.Body.WriteAsync(new byte[Mebi]);
    }
}
