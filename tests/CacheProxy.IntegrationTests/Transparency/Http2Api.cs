using Microsoft.AspNetCore.Builder;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>An API that speaks HTTP/2 without TLS and nothing else.</summary>
internal sealed class Http2Api(WebApplication app) : IAsyncDisposable
{
    public int Port => new Uri(app.Urls.Single()).Port;

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
