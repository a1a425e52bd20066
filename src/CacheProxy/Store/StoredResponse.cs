using System.Collections.Frozen;
using CacheProxy.Http;

namespace CacheProxy.Store;

/// <summary>A complete response as the API gave it, without hop-by-hop fields, and what is needed to serve it. Immutable.</summary>
internal sealed record StoredResponse
{
    /// <summary>Longest time that a store keeps anything, whatever freshness the origin gave it.</summary>
    public static readonly TimeSpan MaxRetention = TimeSpan.FromHours(24);

    public required int Status { get; init; }

    /// <summary>Field lines in the API's order.</summary>
    public required HeaderField[] Headers { get; init; }

    /// <summary>The API's bytes.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body's length where it was not asked for, and <see cref="Body"/> is therefore empty; otherwise <c>null</c>.</summary>
    public long? AbsentBodyLength { get; init; }

    public long BodyLength => AbsentBodyLength ?? Body.Length;

    /// <summary>When the response arrived, on the store's clock, Unix time in milliseconds.</summary>
    public required long ResponseTimeMs { get; init; }

    /// <summary>The age that it arrived with (corrected_initial_age, RFC 9111 §4.2.3), in milliseconds.</summary>
    public required long InitialAgeMs { get; init; }

    /// <summary>Freshness lifetime (RFC 9111 §4.2.1), in milliseconds, counted from age 0.</summary>
    public required long LifetimeMs { get; init; }

    /// <summary>How long past its freshness it may be served while it is refreshed, in milliseconds.</summary>
    public long StaleWhileRevalidateMs { get; init; }

    /// <summary>How long past its freshness it may answer for a failing API, in milliseconds.</summary>
    public long StaleIfErrorMs { get; init; }

    public StoredFlags Flags { get; init; }

    /// <summary>
    /// The request target that it answered: authority, a blank, and the decoded path without trailing slash, both in lower case.
    /// A look-up whose own differs is no hit, whatever the key says.
    /// </summary>
    public required string Target { get; init; }

    /// <summary>What it contains of other resources, and the tags that it belongs to; each once.</summary>
    public Dependency[] Dependencies { get; init; } = [];

    /// <summary>Which entry of a Redis it was read from; empty where it comes from elsewhere.</summary>
    public StoredStamp Stamp { get; init; }

    /// <summary>The rules by which it may be served.</summary>
    public Freshness Freshness => new(
        LifetimeMs,
        InitialAgeMs,
        FreshnessSource.None,
        (Flags & StoredFlags.NoCache) != 0,
        (Flags & StoredFlags.MustRevalidate) != 0,
        StaleWhileRevalidateMs,
        StaleIfErrorMs,
        (Flags & StoredFlags.Purged) != 0);

    /// <summary>current_age (RFC 9111 §4.2.3), in milliseconds, when the store's clock shows <paramref name="nowMs"/>.</summary>
    public long AgeMs(long nowMs) => Freshness.AgeMs(ResponseTimeMs, nowMs);
}

/// <summary>What the origin asked of whoever serves a stored response.</summary>
[Flags]
internal enum StoredFlags
{
    None = 0,

    /// <summary>Never served stale (RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10).</summary>
    MustRevalidate = 1,

    /// <summary>Never served without successful validation (RFC 9111 §5.2.2.4).</summary>
    NoCache = 2,

    /// <summary>An operator has purged it softly. Never written: the stamp says so.</summary>
    Purged = 4,
}

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
