using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>Whether and as what a response is stored, but for its body and the store's time, which come last.</summary>
internal static class Storability
{
    private const string AcceptEncoding = "accept-encoding";

    // An entry with a validator is worth more than its freshness: a 304 is cheaper than a body. Where the policy gives the freshness,
    // the policy also gives the end.
    private static readonly TimeSpan ShortestRetention = TimeSpan.FromMinutes(1);

    /// <summary>The API's answer as it may be stored; <c>null</c> with the reason when it may not.</summary>
    public static FillResult? Of(
        CacheRequest request, string knownVary, UpstreamFraming framing, long requestTimeMs, long responseTimeMs, out StorageDecision decision)
    {
        var response = request.Context.Response;
        var headers = new ResponseHeaders(response.Headers);
        var directives = ResponseDirectives.Of(headers);
        var policy = request.Policy.Storage;
        var freshness = Freshness.Of(headers, directives, response.StatusCode, requestTimeMs, responseTimeMs, policy);
        decision = StorageRules.Decide(
            // Where the policy says that another method reads, it is one like any other.
            request.HasContent ? HttpMethods.Get : request.Context.Request.Method, request.Directives, request.NeedsSharingConsent, response.StatusCode, headers, directives,
            freshness, policy);
        return decision == StorageDecision.Storable
            ? Make(request, knownVary, response.StatusCode, StoredHeaders.Of(response.Headers, framing.Connection, directives), freshness)
            : null;
    }

    /// <summary>
    /// The stored response with the headers and the new life that a 304, or a HEAD's answer, gives it (RFC 9111 §4.3.4, §4.3.5);
    /// <c>null</c> when with them it may not be stored any more.
    /// </summary>
    public static FillResult? OfFreshened(
        CacheRequest request, string knownVary, StoredResponse stored, UpstreamFraming framing, long requestTimeMs, long responseTimeMs)
    {
        var notModified = request.Context.Response;
        var fields = StoredHeaderUpdate.Merge(stored.Headers, notModified.Headers, framing.Connection);
        var headers = new ResponseHeaders(fields);
        var directives = ResponseDirectives.Of(headers);
        var freshness = Freshness.OfUpdated(
            headers,
            new ResponseHeaders(notModified.Headers),
            directives,
            stored.Status,
            requestTimeMs,
            responseTimeMs,
            request.Policy.Storage);
        var decision = StorageRules.Decide(
            HttpMethods.Get, request.Directives, request.NeedsSharingConsent, stored.Status, headers, directives, freshness,
            request.Policy.Storage);
        if (decision != StorageDecision.Storable || StoredHeaders.Bytes(fields) > request.Policy.Options.MaxHeaderBytes)
        {
            return null;
        }

        var made = Make(request, knownVary, stored.Status, fields, freshness);
        return made with { Response = made.Response with { Body = stored.Body, Dependencies = stored.Dependencies } };
    }

    private static FillResult Make(CacheRequest request, string knownVary, int status, HeaderField[] fields, in Freshness freshness)
    {
        var headers = new ResponseHeaders(fields);
        var vary = VaryNames.TryParse(headers["Vary"], out var names) ? VaryNames.Union(knownVary, names) : knownVary;
        if (headers["Content-Encoding"].Count > 0)
        {
            // A gateway that compresses and forgets to say so must not leave a client bytes that it cannot read.
            vary = VaryNames.Union(vary, AcceptEncoding);
        }

        var lifetimeMs = freshness.Source == FreshnessSource.Policy
            ? WithJitter(freshness.LifetimeMs, request.Policy.Options.TtlJitter)
            : freshness.LifetimeMs;
        var response = new StoredResponse
        {
            Status = status,
            Headers = fields,
            Body = default,
            ResponseTimeMs = 0,
            InitialAgeMs = freshness.InitialAgeMs,
            LifetimeMs = lifetimeMs,
            StaleWhileRevalidateMs = freshness.StaleWhileRevalidateMs,
            StaleIfErrorMs = freshness.StaleIfErrorMs,
            Flags = (freshness.NoCache ? StoredFlags.NoCache : StoredFlags.None)
                | (freshness.MustRevalidate ? StoredFlags.MustRevalidate : StoredFlags.None),
            Target = RequestTarget.Identity(request.Context.Request),
        };
        return new FillResult(
            request.VariantUnder(vary),
            vary,
            response,
            Retention(freshness, lifetimeMs, Validators.Of(headers).Exist),
            request.Policy.Options.MaxVariants)
        {
            HasPolicyTtl = freshness.Source == FreshnessSource.Policy && status < StatusCodes.Status400BadRequest,
        };
    }

    /// <summary>The same with another <c>Ttl</c> of the policy.</summary>
    public static FillResult WithTtl(FillResult result, TimeSpan ttl, TimeSpan jitter)
    {
        var response = result.Response with { LifetimeMs = WithJitter((long)ttl.TotalMilliseconds, jitter) };
        return result with { Response = response, Retention = Retention(response.Freshness, response.LifetimeMs, hasValidator: false) };
    }

    private static long WithJitter(long lifetimeMs, TimeSpan jitter) =>
        jitter > TimeSpan.Zero ? lifetimeMs - Random.Shared.NextInt64((long)jitter.TotalMilliseconds + 1) : lifetimeMs;

    private static TimeSpan Retention(in Freshness freshness, long lifetimeMs, bool hasValidator)
    {
        var freshMs = Math.Max(0, lifetimeMs - freshness.InitialAgeMs);
        var staleMs = Math.Max(freshness.StaleWhileRevalidateMs, freshness.StaleIfErrorMs);
        if (hasValidator && freshness.Source != FreshnessSource.Policy)
        {
            staleMs = Math.Max(staleMs, Math.Max(lifetimeMs, (long)ShortestRetention.TotalMilliseconds));
        }

        var longestMs = (long)StoredResponse.MaxRetention.TotalMilliseconds;
        return TimeSpan.FromMilliseconds(Math.Min(longestMs, Math.Min(longestMs, freshMs) + Math.Min(longestMs, staleMs)));
    }
}
