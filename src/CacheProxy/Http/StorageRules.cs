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

        // RFC 9111 §5.2.2.3: who understands must-understand and the status code ignores the no-store meant for others.
        if (directives is { NoStore: true, MustUnderstand: false })
        {
            return StorageDecision.NoStore;
        }

        if (directives.Private)
        {
            return StorageDecision.Private;
        }

        if (headers.Contains("Set-Cookie"))
        {
            return StorageDecision.SetCookie;
        }

        if (!VaryNames.TryParse(headers["Vary"], out _))
        {
            return StorageDecision.VaryAny;
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
    public static string Word(StorageDecision decision) => decision switch
    {
        StorageDecision.Storable => "",
        StorageDecision.MethodNotCacheable => "method",
        StorageDecision.RequestNoStore => "request-no-store",
        StorageDecision.PartialContent => "partial-content",
        StorageDecision.StatusNotCacheable => "status",
        StorageDecision.StatusNotUnderstood => "must-understand",
        StorageDecision.NoStore => "no-store",
        StorageDecision.Private => "private",
        StorageDecision.SetCookie => "set-cookie",
        StorageDecision.VaryAny => "vary-any",
        StorageDecision.AuthorizationNotAllowed => "authorization",
        StorageDecision.NoFreshness => "no-freshness",
        StorageDecision.NotReusable => "not-reusable",
    };

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

    private static bool IsReusable(in Freshness freshness) =>
        !freshness.NoCache && (freshness.LifetimeMs > 0 || freshness.StaleWhileRevalidateMs > 0 || freshness.StaleIfErrorMs > 0);
}
