using System.Collections.Frozen;

namespace CacheProxy.Store;

/// <summary>
/// Header names that a stored response holds as one byte. The position is the stored number: add at the end only, never reorder.
/// </summary>
internal static class WellKnownHeaders
{
    private static readonly string[] Names =
    [
        "Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Age", "Allow", "CDN-Cache-Control",
        "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
        "Content-Range", "Content-Security-Policy", "Content-Type", "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy", "Date", "ETag", "Expires", "Last-Modified", "Link", "Location", "Permissions-Policy", "Pragma",
        "Referrer-Policy", "Server", "Strict-Transport-Security", "Surrogate-Control", "Vary", "Via", "Warning",
        "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Request-Id", "X-XSS-Protection",
    ];

    private static readonly FrozenDictionary<string, byte> Numbers = Names
        .Select((name, index) => KeyValuePair.Create(name, (byte)(index + 1)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The number of a name in exactly this spelling, from 1; 0 when it has none.</summary>
    public static byte NumberOf(string name) => Numbers.TryGetValue(name, out var number) ? number : (byte)0;

    public static string? NameOf(byte number) => number >= 1 && number <= Names.Length ? Names[number - 1] : null;
}
