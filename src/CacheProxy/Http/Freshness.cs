namespace CacheProxy.Http;

/// <summary>
/// How long a response is fresh and how old it was on arrival (RFC 9111 §4.2), with everything that later decides whether it
/// may be reused. All times in milliseconds, all instants in Unix milliseconds.
/// </summary>
/// <param name="LifetimeMs">freshness_lifetime; 0: stale from the start.</param>
/// <param name="InitialAgeMs">corrected_initial_age of §4.2.3.</param>
/// <param name="Source">Where the lifetime comes from.</param>
/// <param name="NoCache">Every use needs validation.</param>
/// <param name="MustRevalidate">Once stale, max-stale must not use it: must-revalidate, proxy-revalidate or s-maxage (§4.2.4).</param>
/// <param name="StaleWhileRevalidateMs">How long after going stale it may be served while it is refreshed.</param>
/// <param name="StaleIfErrorMs">How long after going stale it may be served in place of an error.</param>
/// <param name="IsPurged">An operator has purged it softly: it is stale, and goes on to stand in for an error for as long as it would have.</param>
internal readonly record struct Freshness(
    long LifetimeMs,
    long InitialAgeMs,
    FreshnessSource Source,
    bool NoCache,
    bool MustRevalidate,
    long StaleWhileRevalidateMs,
    long StaleIfErrorMs,
    bool IsPurged = false)
{
    private const long GreatestHeuristicMs = 24 * 60 * 60 * 1000;

    /// <param name="headers">Of the response.</param>
    /// <param name="directives"><see cref="ResponseDirectives.Of"/> the same headers.</param>
    /// <param name="status">Of the response.</param>
    /// <param name="requestTimeMs">When the request went to the origin.</param>
    /// <param name="responseTimeMs">When the response's headers arrived.</param>
    /// <param name="policy">Of the route.</param>
    public static Freshness Of(
        ResponseHeaders headers,
        in ResponseDirectives directives,
        int status,
        long requestTimeMs,
        long responseTimeMs,
        in StoragePolicy policy) =>
        OfUpdated(headers, headers, in directives, status, requestTimeMs, responseTimeMs, in policy);

    /// <summary>
    /// Of a stored response that a 304 (or a 200 to HEAD) has just confirmed: lifetime and directives are those of the merged
    /// headers, but the age is that of the new answer, which may have come without Date and through another cache.
    /// </summary>
    public static Freshness OfUpdated(
        ResponseHeaders merged,
        ResponseHeaders update,
        in ResponseDirectives directives,
        int status,
        long requestTimeMs,
        long responseTimeMs,
        in StoragePolicy policy)
    {
        // RFC 9110 §6.6.1: the recipient dates a response that has no readable Date.
        if (!HttpDate.TryParse(update.First("Date"), responseTimeMs, out var dateMs))
        {
            dateMs = responseTimeMs;
        }

        var lifetimeMs = Lifetime(merged, in directives, status, dateMs, responseTimeMs, in policy, out var source);
        var forbidsStale = directives.NoCache || directives.MustRevalidate || directives.ProxyRevalidate;
        var forbidsPolicyStale = forbidsStale || directives.SMaxAge is not null;
        return new Freshness(
            lifetimeMs,
            // The policy's freshness counts from the arrival, whatever the API's clock says.
            InitialAge(update, source == FreshnessSource.Policy ? responseTimeMs : dateMs, requestTimeMs, responseTimeMs),
            source,
            directives.NoCache,
            directives.MustRevalidate || directives.ProxyRevalidate || directives.SMaxAge is not null,
            Window(directives.StaleWhileRevalidate, policy.StaleWhileRevalidate, forbidsStale, forbidsPolicyStale),
            Window(directives.StaleIfError, policy.StaleIfError, forbidsStale, forbidsPolicyStale));
    }

    /// <summary>current_age of §4.2.3; a clock that is set back does not make a response younger than it was on arrival.</summary>
    public long AgeMs(long responseTimeMs, long nowMs) => InitialAgeMs + Math.Max(0, nowMs - responseTimeMs);

    public bool IsFresh(long ageMs) => !IsPurged && ageMs < LifetimeMs;

    /// <summary>Freshness left, in whole seconds, for Cache-Status; negative once stale.</summary>
    public long TtlSeconds(long ageMs) => (long)Math.Floor((LifetimeMs - ageMs) / 1000d);

    /// <summary>May it be served at this age to this request?</summary>
    public FreshnessVerdict Judge(long ageMs, in RequestDirectives request)
    {
        if (NoCache || IsPurged || Refuses(ageMs, in request))
        {
            return FreshnessVerdict.MustRevalidate;
        }

        if (IsFresh(ageMs))
        {
            return FreshnessVerdict.Fresh;
        }

        var stalenessMs = ageMs - LifetimeMs;
        if (!MustRevalidate && request.MaxStale is { } maxStale && (double)stalenessMs <= maxStale * 1000d)
        {
            return FreshnessVerdict.StaleAllowed;
        }
        return stalenessMs < StaleWhileRevalidateMs && !WantsFresh(in request)
            ? FreshnessVerdict.StaleWhileRevalidate
            : FreshnessVerdict.MustRevalidate;
    }

    /// <summary>May it stand in for an error of the origin (RFC 5861 §4)? Not if the client asks for a fresh one.</summary>
    public bool CoversError(long ageMs, in RequestDirectives request) =>
        !NoCache && !Refuses(ageMs, in request)
        && (IsFresh(ageMs) || (StaleIfErrorMs > 0 && ageMs - LifetimeMs < StaleIfErrorMs && !WantsFresh(in request)));

    /// <summary>RFC 9111 §5.2.1: too old, not fresh for long enough, or not at all without validation.</summary>
    private bool Refuses(long ageMs, in RequestDirectives request) =>
        request.NoCache
        // User agents ask for a validation with max-age=0, even of a response that arrived in this millisecond.
        || (request.MaxAge is { } maxAge && (maxAge == 0 || ageMs > maxAge * 1000))
        || (request.MinFresh is { } minFresh && LifetimeMs - ageMs < minFresh * 1000);

    /// <summary>RFC 9111 §5.2.1.1: max-age without max-stale declines stale responses.</summary>
    private static bool WantsFresh(in RequestDirectives request) => request is { MaxAge: not null, MaxStale: null };

    private static long Lifetime(
        ResponseHeaders headers,
        in ResponseDirectives directives,
        int status,
        long dateMs,
        long responseTimeMs,
        in StoragePolicy policy,
        out FreshnessSource source)
    {
        source = FreshnessSource.Origin;
        if ((directives.SMaxAge ?? directives.MaxAge) is { } seconds)
        {
            return seconds * 1000;
        }

        if (!directives.Targeted && headers.First("Expires") is { } expires)
        {
            // RFC 9111 §5.3: an invalid date, "0" above all, is in the past.
            return HttpDate.TryParse(expires, responseTimeMs, out var expiresMs) ? Math.Max(0, expiresMs - dateMs) : 0;
        }
        if (policy.TtlOf(status) is { } ttl)
        {
            source = FreshnessSource.Policy;
            return (long)ttl.TotalMilliseconds;
        }
        var mayGuess = policy.Heuristic && (directives.Public || StatusRules.IsHeuristicallyCacheable(status));
        if (mayGuess && HttpDate.TryParse(headers.First("Last-Modified"), responseTimeMs, out var modifiedMs) && modifiedMs < dateMs)
        {
            source = FreshnessSource.Heuristic;
            return Math.Min(GreatestHeuristicMs, (dateMs - modifiedMs) / 10);
        }
        source = FreshnessSource.None;
        return 0;
    }

    private static long InitialAge(ResponseHeaders headers, long dateMs, long requestTimeMs, long responseTimeMs)
    {
        // Dates have whole seconds: without rounding down, a response dated in this second would already count as old.
        var apparentAgeMs = Math.Max(0, responseTimeMs / 1000 * 1000 - dateMs);
        var delayMs = Math.Max(0, responseTimeMs - requestTimeMs);
        return Math.Max(apparentAgeMs, ReceivedAgeMs(headers.First("Age")) + delayMs);
    }

    /// <summary>RFC 9111 §5.1: of a list the first member counts; what is not a number is ignored.</summary>
    private static long ReceivedAgeMs(ReadOnlySpan<char> field)
    {
        var comma = field.IndexOf(',');
        var first = (comma < 0 ? field : field[..comma]).Trim(" \t");
        return DeltaSeconds.TryParse(first, out var seconds) ? seconds * 1000 : 0;
    }

    /// <summary>
    /// s-maxage implies proxy-revalidate (RFC 9111 §5.2.2.10), but an origin that sends a stale window beside it means both.
    /// The policy's window does not come from the origin, so s-maxage overrides it.
    /// </summary>
    private static long Window(long? origin, TimeSpan policy, bool forbidsStale, bool forbidsPolicyStale)
    {
        if (forbidsStale)
        {
            return 0;
        }

        if (origin is { } seconds)
        {
            return seconds * 1000;
        }

        return forbidsPolicyStale ? 0 : (long)policy.TotalMilliseconds;
    }
}

/// <summary>Where a response's lifetime comes from.</summary>
internal enum FreshnessSource
{
    /// <summary>Nothing gives one: the response is stale from the start.</summary>
    None,
    /// <summary>max-age, s-maxage or Expires, readable or not.</summary>
    Origin,
    Policy,
    /// <summary>Guessed from Last-Modified.</summary>
    Heuristic,
}

/// <summary>What may be done with a stored response for one request.</summary>
internal enum FreshnessVerdict
{
    /// <summary>Serve.</summary>
    Fresh,
    /// <summary>Stale, but the request's max-stale accepts it: serve.</summary>
    StaleAllowed,
    /// <summary>Serve, and refresh in the background (RFC 5861 §3).</summary>
    StaleWhileRevalidate,
    /// <summary>Ask the origin first.</summary>
    MustRevalidate,
}
