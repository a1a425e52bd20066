using System.Net;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>A client that speaks HTTP/2 without TLS and nothing else.</summary>
internal static class Http2Client
{
    private const int MaxResponseHeadersKib = 1024;

    public static HttpClient Start() => new(new SocketsHttpHandler { UseProxy = false, MaxResponseHeadersLength = MaxResponseHeadersKib });

    public static HttpRequestMessage Call(int port, string path, HttpMethod? method = null) =>
        new(method ?? HttpMethod.Post, $"http://127.0.0.1:{port}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
}
