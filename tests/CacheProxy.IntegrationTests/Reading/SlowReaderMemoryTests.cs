using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.LongRuns;
using CacheProxy.IntegrationTests.Transparency;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Clients that ask and never read: the program goes on with little memory.</summary>
[Collection(nameof(MemoryCollection))]
public sealed class SlowReaderMemoryTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const int Readers = 500;
    private const int Pipelined = 4;
    private const int ReceiveBuffer = 4096;
    private const string HeapOf256MiB = "10000000";

    [Theory]
    [InlineData(StoreKind.Memory, 1)]
    [InlineData(StoreKind.Redis, 1)]
    [InlineData(StoreKind.Memory, Readers)]
    [InlineData(StoreKind.Redis, Readers)]
    public async Task Five_hundred_that_never_read_leave_the_program_answering_in_256_MiB(StoreKind store, int resources)
    {
        await using var api = await StubApi.StartAsync(SendMebibyteAsync);
        using var host = await ProcessHost.StartAsync(
            api.Address, [("DOTNET_GCHeapHardLimit", HeapOf256MiB)], store == StoreKind.Redis ? stores.Redis.ConnectionString : "");
        for (var i = 0; i < Math.Min(resources, 8); i++)
        {
            Assert.Equal(1024 * 1024, (await host.Client.GetByteArrayAsync(Target(i), TestContext.Current.CancellationToken)).Length);
        }

        var readers = new List<Socket>();
        try
        {
            for (var i = 0; i < Readers; i++)
            {
                readers.Add(await AskAsync(host.Client.BaseAddress!, Target(i % resources)));
            }

            await Eventually.TrueAsync(() => readers.TrueForAll(static reader => reader.Available > 0), "Not every reader was answered.");
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(1024 * 1024, (await host.Client.GetByteArrayAsync(Target(i), TestContext.Current.CancellationToken)).Length);
            }
        }
        finally
        {
            readers.ForEach(static reader => reader.Dispose());
        }
    }

    private static string Target(int resource) => string.Create(CultureInfo.InvariantCulture, $"/api/customers/{resource}");

    private static async Task<Socket> AskAsync(Uri proxy, string target)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBuffer };
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port);
        var request = $"GET {target} HTTP/1.1\r\nHost: {proxy.Authority}\r\nX-Tenant-Subdomain: demo\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(request, Pipelined))));
        return socket;
    }

    // In pieces, so that what nobody reads does not pile up here.
    private static async Task SendMebibyteAsync(HttpContext context)
    {
        var piece = new byte[32 * 1024];
        context.Response.ContentLength = 1024 * 1024;
        for (var i = 0; i < 32; i++)
        {
            await context.Response.Body.WriteAsync(piece);
        }
    }
}
