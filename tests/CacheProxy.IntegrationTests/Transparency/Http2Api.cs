using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>An API that speaks HTTP/2 without TLS and nothing else.</summary>
internal sealed class Http2Api : IAsyncDisposable
{
    private const int MaxHeadersBytes = 1024 * 1024;

    private readonly WebApplication _app;

    private Http2Api(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<Http2Api> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersBytes;
            kestrel.Limits.MaxRequestHeaderCount = 2000;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxHeadersBytes;
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new Http2Api(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
