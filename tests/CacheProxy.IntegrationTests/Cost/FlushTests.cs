using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Cost;

/// <summary>How often an answer goes to the socket: what is flushed twice is two packets and two calls of the system.</summary>
public sealed class FlushTests
{
    private readonly CountedFlushes _flushes = new();

    [Theory]
    [InlineData(1500)]
    [InlineData(16 * 1024)]
    public async Task The_head_and_the_body_of_a_hit_go_out_together(int length)
    {
        await using var api = await StubApi.StartAsync(context => context.Response.WriteAsync(new string('x', length)));
        await using var host = await RunningHost.StartAsync(api.Address, register: CountFlushes);
        const string Request = "GET /api/customers/1 HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\nConnection: close\r\n\r\n";
        await RawHttp.SendAsync(host.Proxy.Port, Request);
        var before = _flushes.Count;

        var hit = await RawHttp.SendAsync(host.Proxy.Port, Request);

        Assert.Contains("; hit; ", hit.Values("Cache-Status")[0], StringComparison.Ordinal);
        Assert.Equal(1, _flushes.Count - before);
    }

    private void CountFlushes(IServiceCollection services) => services.Configure<KestrelServerOptions>(kestrel =>
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
        {
            connection.Transport = _flushes.Of(connection.Transport);
            return next(connection);
        })));
}
