using System.Collections.Frozen;

namespace CacheProxy.Http;

/// <summary>RFC 9111 §3: which responses a shared cache stores, narrowed by policy and by caution (no Set-Cookie, no 206).</summary>
internal static class StorageRules
{
    /// <param name="method">Of the request, as sent.</param>
    /// <param name="request">The request's directives.</param>
    /// <param name="needsSharingConsent">The request had Authorization, and its policy applies RFC 9111 §3.5.</param>
    /// <param name="status">Of the response.</param>
    /// <param name="headers">Of the response.</param>
    /// <param name="directives"><see cref="ResponseDirectives.Of"/> the same headers.</param>
    /// <param name="freshness"><see cref="Freshness.Of"/> the same headers.</param>
    /// <param name="policy">Of the route.</param>
    public static StorageDecision Decide(
        string method,
        in RequestDirectives request,
        bool needsSharingConsent,
        int status,
        ResponseHeaders headers,
        in ResponseDirectives directives,
        in Freshness freshness,
        in StoragePolicy policy)
    {
        if (method != HttpMethods.Get)
        {
            return StorageDecision.MethodNotCacheable;
        }

        if (request.NoStore)
        {
            return StorageDecision.RequestNoStore;
        }

        if (status == StatusCodes.Status206PartialContent)
        {
            return StorageDecision.PartialContent;
        }

        if (!IsStatusCacheable(status, in directives, in freshness, in policy))
        {
            return StorageDecision.StatusNotCacheable;
        }

        if (directives.MustUnderstand && !StatusRules.IsUnderstood(status))
        {
            return StorageDecision.StatusNotUnderstood;
        }
        // RFC 9111 §5.2.2.3: a cache that understands must-understand and the status code ignores the no-store, which is meant for others.
        if (directives is { NoStore: true, MustUnderstand: false })
        {
            return StorageDecision.NoStore;
        }

        if (directives.Private)
        {
            return StorageDecision.Private;
        }

        if (JudgeFields(headers) is not StorageDecision.Storable and var decision)
        {
            return decision;
        }

        if (needsSharingConsent && !AllowsSharing(in directives))
        {
            return StorageDecision.AuthorizationNotAllowed;
        }

        return Validators.Of(headers).Exist ? StorageDecision.Storable
            : freshness.Source == FreshnessSource.None ? StorageDecision.NoFreshness
            : IsReusable(in freshness) ? StorageDecision.Storable
            : StorageDecision.NotReusable;
    }

    /// <summary>The stable word for the detail parameter of Cache-Status; empty for what is stored.</summary>
    public static string ToToken(StorageDecision decision) => decision switch
    {
        StorageDecision.Storable => "",
        StorageDecision.MethodNotCacheable => "method",
        StorageDecision.RequestNoStore => "request-no-store",
        StorageDecision.PartialContent => "partial-content",
        StorageDecision.StatusNotCacheable => "status",
        StorageDecision.StatusNotUnderstood => "must-understand",
        StorageDecision.NoStore => "no-store",
        StorageDecision.Private => "private",
        StorageDecision.MalformedField => "malformed-field",
        StorageDecision.EventStream => "event-stream",
        StorageDecision.SetCookie => "set-cookie",
        StorageDecision.VaryAny => "vary-any",
        StorageDecision.AuthorizationNotAllowed => "authorization",
        StorageDecision.NoFreshness => "no-freshness",
        StorageDecision.NotReusable => "not-reusable",
    };

    private static StorageDecision JudgeFields(ResponseHeaders headers) =>
        !headers.AreWellFormed() ? StorageDecision.MalformedField
        : IsEventStream(headers.First("Content-Type")) ? StorageDecision.EventStream
        : headers.Contains("Set-Cookie") ? StorageDecision.SetCookie
        : !VaryNames.TryParse(headers["Vary"], out _) ? StorageDecision.VaryAny
        : StorageDecision.Storable;

    /// <summary>RFC 9111 §3.5.</summary>
    private static bool AllowsSharing(in ResponseDirectives directives) =>
        directives.Public || directives.MustRevalidate || directives.SMaxAge is not null;

    private static bool IsStatusCacheable(
        int status, in ResponseDirectives directives, in Freshness freshness, in StoragePolicy policy)
    {
        if (status is < 200 or > 999 or StatusCodes.Status304NotModified)
        {
            return false;
        }

        if (policy.Names(status))
        {
            return true;
        }

        return policy.AnyStatus
            && (directives.Public || freshness.Source == FreshnessSource.Origin || StatusRules.IsHeuristicallyCacheable(status));
    }

    private static bool IsEventStream(ReadOnlySpan<char> contentType)
    {
        var end = contentType.IndexOf(';');
        return (end < 0 ? contentType : contentType[..end]).Trim(" \t").Equals("text/event-stream", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsReusable(in Freshness freshness) =>
        !freshness.NoCache && (freshness.LifetimeMs > 0 || freshness.StaleWhileRevalidateMs > 0 || freshness.StaleIfErrorMs > 0);
}

/// <summary>Whether a response may be stored, and if not, the first reason against it.</summary>
internal enum StorageDecision
{
    Storable,
    MethodNotCacheable,
    RequestNoStore,
    PartialContent,
    StatusNotCacheable,
    /// <summary>must-understand beside a status code whose caching rules are unknown.</summary>
    StatusNotUnderstood,
    NoStore,
    Private,
    /// <summary>A field that this server would not send, as only a response without a client can have.</summary>
    MalformedField,
    /// <summary>It has no end that others could wait for, and no event is for who comes later.</summary>
    EventStream,
    SetCookie,
    VaryAny,
    /// <summary>RFC 9111 §3.5: the request had Authorization, and the response does not say that it may be shared.</summary>
    AuthorizationNotAllowed,
    /// <summary>Nothing says how long it stays fresh, and it has no validator.</summary>
    NoFreshness,
    /// <summary>Every use would need a validation, and it has no validator.</summary>
    NotReusable,
}

/// <summary>What a policy adds to what the origin says about storing. The default adds nothing: 200 only, explicitly fresh only.</summary>
/// <param name="Ttl">Freshness of a 200, or of another of <paramref name="Statuses"/> below 400, when the origin gives none.</param>
/// <param name="NegativeTtl">The same for those of <paramref name="Statuses"/> from 400 on.</param>
/// <param name="Statuses">Status codes stored beside 200; 206 and 304 never are.</param>
/// <param name="AnyStatus">Store every final status code that RFC 9111 §3 allows to be stored.</param>
/// <param name="Heuristic">Guess a lifetime from Last-Modified when nothing else gives one (RFC 9111 §4.2.2).</param>
/// <param name="StaleWhileRevalidate">Used where the origin says nothing and does not forbid it.</param>
/// <param name="StaleIfError">Used where the origin says nothing and does not forbid it.</param>
internal readonly record struct StoragePolicy(
    TimeSpan? Ttl = null,
    TimeSpan? NegativeTtl = null,
    FrozenSet<int>? Statuses = null,
    bool AnyStatus = false,
    bool Heuristic = false,
    TimeSpan StaleWhileRevalidate = default,
    TimeSpan StaleIfError = default)
{
    public bool Names(int status) => status == 200 || Statuses?.Contains(status) == true;

    public TimeSpan? TtlOf(int status) => !Names(status) ? null : status < 400 ? Ttl : NegativeTtl;
}

/// <summary>What RFC 9110 §15 says about caching for each status code.</summary>
internal static class StatusRules
{
    /// <summary>RFC 9110 §15.1, without 206, which is never stored.</summary>
    public static bool IsHeuristicallyCacheable(int status) =>
        status is 200 or 203 or 204 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    /// <summary>Final status codes of RFC 9110 §15 whose caching requirements are met here: not 206, and not 304, which stands for another response.</summary>
    public static bool IsUnderstood(int status) =>
        status is (>= 200 and <= 205) or (>= 300 and <= 303) or 305 or 307 or 308
            or (>= 400 and <= 417) or 421 or 422 or 426 or (>= 500 and <= 505);
}
