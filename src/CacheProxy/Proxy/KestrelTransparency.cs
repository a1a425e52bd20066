using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Proxy;

/// <summary>
/// Turns off what Kestrel refuses or rewrites by default. The API decides whether a request is too large, too slow or oddly encoded;
/// limits remain only where one of our own buffers would otherwise grow without bound.
/// </summary>
internal static class KestrelTransparency
{
    // Must not exceed MaxRequestBufferSize, whose default is the same 1 MiB.
    private const int MaxHeadersBytes = 1024 * 1024;
    private const int MaxHeaderCount = 10_000;
    private const int MaxRequestLineBytes = 256 * 1024;

    public static void Apply(KestrelServerOptions options)
    {
        options.AddServerHeader = false;

        // Latin-1 maps every byte to one character and back, so a value in any encoding arrives as the bytes that were sent.
        options.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        options.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        // RFC 9112, 3.2.2: the authority of an absolute-form target replaces the Host field.
        options.AllowHostHeaderOverride = true;
        // A TLS-terminating hop in front may speak cleartext HTTP/2 with ":scheme: https".
        options.AllowAlternateSchemes = true;

        ApplyLimits(options.Limits);
    }

    private static void ApplyLimits(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestHeadersTotalSize = MaxHeadersBytes;
        limits.MaxRequestHeaderCount = MaxHeaderCount;
        limits.MaxRequestLineSize = MaxRequestLineBytes;
        limits.Http2.MaxRequestHeaderFieldSize = MaxHeadersBytes;
    }
}
