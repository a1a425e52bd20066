using System.Net;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// Speaks to the API in the HTTP version that the client chose. Cleartext has no negotiation: a client that speaks HTTP/2 without TLS
/// knows that its API does, and no other client is a reason to assume so. Without it gRPC fails: YARP asks for HTTP/2 and falls back to 1.1.
/// </summary>
internal sealed class ClientVersionTransform : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        var clientRequest = context.HttpContext.Request;
        // YARP has chosen the version that a WebSocket over HTTP/2 (extended CONNECT) needs.
        if (HttpMethods.IsConnect(clientRequest.Method))
        {
            return default;
        }

        if (HttpProtocol.IsHttp11(clientRequest.Protocol) || HttpProtocol.IsHttp10(clientRequest.Protocol))
        {
            // RFC 9112, 2.3: an intermediary sends its own version, so HTTP/1.0 becomes 1.1 here.
            context.ProxyRequest.Version = HttpVersion.Version11;
            context.ProxyRequest.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        }
        else if (HttpProtocol.IsHttp2(clientRequest.Protocol) && !clientRequest.IsHttps && IsCleartext(context.DestinationPrefix))
        {
            context.ProxyRequest.Version = HttpVersion.Version20;
            context.ProxyRequest.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        return default;
    }

    private static bool IsCleartext(string destinationPrefix) =>
        destinationPrefix.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
}
