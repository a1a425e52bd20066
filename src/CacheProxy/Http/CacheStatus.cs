using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>Our member of the Cache-Status list (RFC 9211 §2): what the cache did with one request.</summary>
/// <param name="Hit">Answered from the cache, without the origin; then <paramref name="Forward"/> is none.</param>
/// <param name="Forward">Why it went to the origin.</param>
/// <param name="ForwardStatus">The origin's status code, where it is not the answer's.</param>
/// <param name="Stored">The answer is now in the cache.</param>
/// <param name="Collapsed">Answered together with another request.</param>
/// <param name="TtlSeconds">Freshness that is left; negative when stale.</param>
/// <param name="Key">The cache key, where configuration wants it shown.</param>
/// <param name="Detail">A stable word.</param>
internal readonly record struct CacheStatus(
    bool Hit = false,
    CacheStatusForward Forward = CacheStatusForward.None,
    int? ForwardStatus = null,
    bool Stored = false,
    bool Collapsed = false,
    long? TtlSeconds = null,
    string? Key = null,
    string? Detail = null)
{
    public const string HeaderName = "Cache-Status";
    private const string CacheName = "cacheproxy";

    /// <summary>The last member is the cache nearest to the client (RFC 9211 §2): ours goes behind the origin's.</summary>
    public void AppendTo(IHeaderDictionary response)
    {
        var before = response[HeaderName];
        response[HeaderName] = before.Count == 0 ? Format() : StringValues.Concat(in before, Format());
    }

    public string Format()
    {
        if (this is { Hit: true, TtlSeconds: { } ttl, Collapsed: false, Stored: false, Key: null, Detail: null })
        {
            return string.Create(CultureInfo.InvariantCulture, $"{CacheName}; hit; ttl={ttl}");
        }

        var text = new StringBuilder(CacheName, 96);
        if (Hit)
        {
            text.Append("; hit");
        }
        else if (Forward != CacheStatusForward.None)
        {
            text.Append("; fwd=").Append(Word(Forward));
        }

        if (ForwardStatus is { } status)
        {
            text.Append("; fwd-status=").Append(status);
        }

        if (TtlSeconds is { } seconds)
        {
            text.Append("; ttl=").Append(seconds);
        }

        if (Stored)
        {
            text.Append("; stored");
        }

        if (Collapsed)
        {
            text.Append("; collapsed");
        }

        if (Key is not null)
        {
            AppendString(text.Append("; key="), Key);
        }

        if (Detail is not null)
        {
            AppendDetail(text.Append("; detail="), Detail);
        }

        return text.ToString();
    }

    private static string Word(CacheStatusForward forward) => forward switch
    {
        CacheStatusForward.None => "",
        CacheStatusForward.Bypass => "bypass",
        CacheStatusForward.Method => "method",
        CacheStatusForward.UriMiss => "uri-miss",
        CacheStatusForward.VaryMiss => "vary-miss",
        CacheStatusForward.Miss => "miss",
        CacheStatusForward.Request => "request",
        CacheStatusForward.Stale => "stale",
        CacheStatusForward.Partial => "partial",
    };

    /// <summary>A token where it is one, else a string (RFC 9211 §2.8).</summary>
    private static void AppendDetail(StringBuilder text, string detail)
    {
        var reader = new StructuredItemReader(detail);
        if (reader.TryReadItemOrInnerList(out var item) && reader.AtEnd && item.Kind == StructuredItemKind.Token)
        {
            text.Append(detail);
        }
        else
        {
            AppendString(text, detail);
        }
    }

    /// <summary>A string of RFC 8941 §3.3.3; what it cannot hold becomes a question mark.</summary>
    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            if (c is '"' or '\\')
            {
                text.Append('\\');
            }

            text.Append(c is < ' ' or > '~' ? '?' : c);
        }

        text.Append('"');
    }
}
