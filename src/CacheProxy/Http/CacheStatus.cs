using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>Our member of the Cache-Status list (RFC 9211 §2): what the cache did with one request.</summary>
/// <param name="Hit">Answered from the cache without asking the origin; <paramref name="Forward"/> is then none.</param>
/// <param name="Forward">Why it went to the origin.</param>
/// <param name="ForwardStatus">The origin's status code, also where the client gets another.</param>
/// <param name="Stored">The answer is now in the cache.</param>
/// <param name="Collapsed">Answered together with another request.</param>
/// <param name="TtlSeconds">The freshness left; negative when stale.</param>
/// <param name="Detail">One of <see cref="CacheStatusDetails"/>, or the word of a reason.</param>
internal readonly record struct CacheStatus(
    bool Hit = false,
    CacheStatusForward Forward = CacheStatusForward.None,
    int? ForwardStatus = null,
    bool Stored = false,
    bool Collapsed = false,
    long? TtlSeconds = null,
    string? Detail = null)
{
    public const string HeaderName = "Cache-Status";

    /// <summary>The detail of a hit that needed no answer of the store.</summary>
    public const string Copy = "copy";
    private const string CacheName = "cacheproxy";
    private const int KnownSeconds = 3600;

    // The word of nearly every fill: 340 bytes when it is put together.
    private const string StoredMiss = CacheName + "; fwd=uri-miss; fwd-status=200; stored";

    // That of nearly every read of a policy that is off, which is to cost as little as none.
    private const string Off = CacheName + "; fwd=bypass; fwd-status=200; detail=" + CacheStatusDetails.PolicyOff;

    // A hit says one of few words: made once (260 kB at most), it spares each the time and 72 bytes.
    private static readonly string?[] Hits = new string?[KnownSeconds];
    private static readonly string?[] HitsOfCopies = new string?[KnownSeconds];

    /// <summary>The last member is the cache nearest to the client (RFC 9211 §2): ours goes after the origin's.</summary>
    public void AppendTo(IHeaderDictionary response)
    {
        var before = response[HeaderName];
        response[HeaderName] = before.Count == 0 ? Format() : StringValues.Concat(in before, Format());
    }

    public string Format()
    {
        if (this is { Hit: true, TtlSeconds: { } ttl, Collapsed: false, Stored: false, Detail: null })
        {
            return ttl is >= 0 and < KnownSeconds ? Hits[ttl] ??= HitFor(ttl) : HitFor(ttl);
        }

        if (this is { Hit: true, TtlSeconds: >= 0 and < KnownSeconds and { } left, Collapsed: false, Stored: false, Detail: Copy })
        {
            return HitsOfCopies[left] ??= $"{HitFor(left)}; detail={Copy}";
        }

        if (this is { Hit: false, Forward: CacheStatusForward.UriMiss, ForwardStatus: 200, Stored: true, Collapsed: false, TtlSeconds: null, Detail: null })
        {
            return StoredMiss;
        }

        if (this is
            {
                Hit: false, Forward: CacheStatusForward.Bypass, ForwardStatus: 200, Stored: false, Collapsed: false, TtlSeconds: null,
                Detail: CacheStatusDetails.PolicyOff,
            })
        {
            return Off;
        }

        return Written();
    }

    private string Written()
    {
        var text = new StringBuilder(CacheName, 96);
        if (Hit)
        {
            text.Append("; hit");
        }
        else if (Forward != CacheStatusForward.None)
        {
            text.Append("; fwd=").Append(ToToken(Forward));
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
        // Our words are tokens (RFC 9211 §2.8), so that none needs quotes.
        if (Detail is not null)
        {
            text.Append("; detail=").Append(Detail);
        }

        return text.ToString();
    }

    private static string HitFor(long ttl) => string.Create(CultureInfo.InvariantCulture, $"{CacheName}; hit; ttl={ttl}");

    private static string ToToken(CacheStatusForward forward) => forward switch
    {
        CacheStatusForward.None => "",
        CacheStatusForward.Bypass => "bypass",
        CacheStatusForward.Method => "method",
        CacheStatusForward.UriMiss => "uri-miss",
        CacheStatusForward.VaryMiss => "vary-miss",
        CacheStatusForward.Miss => "miss",
        CacheStatusForward.Request => "request",
        CacheStatusForward.Stale => "stale",
    };
}

/// <summary>Why a request went to the origin, in the words of RFC 9211 §2.2.</summary>
internal enum CacheStatusForward
{
    /// <summary>It did not go there.</summary>
    None,
    /// <summary>The cache was configured not to handle it.</summary>
    Bypass,
    /// <summary>The method's semantics require it.</summary>
    Method,
    /// <summary>Nothing is stored for the resource.</summary>
    UriMiss,
    /// <summary>Something is stored for the resource, but not for these request headers.</summary>
    VaryMiss,
    /// <summary>One of the two; which one is not known.</summary>
    Miss,
    /// <summary>Something fresh is stored, but the request's directives did not allow its use.</summary>
    Request,
    /// <summary>What is stored is stale.</summary>
    Stale,
}

/// <summary>The words of the detail parameter that no enum stands for. They are stable: clients and dashboards know them.</summary>
internal static class CacheStatusDetails
{
    public const string BodyTooLarge = "body-too-large";
    public const string BodyUnreadable = "body-unreadable";
    public const string DependenciesTooMany = "dependencies-too-many";
    public const string DependencyDroppable = "dependency-droppable";
    public const string DependencyId = "dependency-id";
    public const string DependencyUnavailable = "dependency-unavailable";
    public const string DependencyWritten = "dependency-written";
    public const string DependentsFull = "dependents-full";
    public const string EvictionOutstanding = "eviction-outstanding";
    public const string FillLimit = "fill-limit";
    public const string MemoryFull = "memory-full";
    public const string HeadersTooLarge = "headers-too-large";
    public const string OnlyIfCached = "only-if-cached";
    public const string PolicyOff = "policy-off";
    public const string StaleIfError = "stale-if-error";
    public const string StoreUnavailable = "store-unavailable";
    public const string TagNew = "tag-new";
    public const string TagsUnreadable = "tags-unreadable";
    public const string TooManyTags = "too-many-tags";
    public const string TenantQuota = "tenant-quota";
}
