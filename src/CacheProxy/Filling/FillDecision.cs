using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>What becomes of the API's answer to a fill, decided by its headers alone.</summary>
/// <param name="Kind">
/// <see cref="FillOutcomeKind.Answered"/>: the client gets it. Otherwise it is thrown away: <see cref="FillOutcomeKind.Serve"/> or
/// <see cref="FillOutcomeKind.WithoutPrior"/>.
/// </param>
/// <param name="Storable">What may be stored once it is complete; <c>null</c> for nothing.</param>
/// <param name="Stored">What the client is served instead.</param>
/// <param name="Detail">Why, as a stable word; empty where there is nothing to explain.</param>
internal readonly record struct FillDecision(FillOutcomeKind Kind, FillResult? Storable, StoredResponse? Stored, string Detail)
{
    /// <param name="request">The client's request.</param>
    /// <param name="prior">What the fill replaces.</param>
    /// <param name="framing">What the answer says of its connection.</param>
    /// <param name="requestTimeMs">When the API was asked.</param>
    /// <param name="responseTimeMs">When it answered.</param>
    /// <param name="storeNowMs">The store's time now.</param>
    public static FillDecision Of(
        CacheRequest request, in LookUpResult prior, UpstreamFraming framing, long requestTimeMs, long responseTimeMs, long storeNowMs)
    {
        var response = request.Context.Response;
        if (prior.Response is { } stored)
        {
            if (response.StatusCode == StatusCodes.Status304NotModified)
            {
                // A 304 that speaks of another representation confirms nothing: the API is asked again without conditions.
                return StoredHeaderUpdate.Concerns(stored.Headers, response.Headers)
                    ? new FillDecision(
                        FillOutcomeKind.Serve,
                        Storability.OfFreshened(request, prior.Vary, stored, framing, requestTimeMs, responseTimeMs),
                        stored,
                        "")
                    : new FillDecision(FillOutcomeKind.WithoutPrior, null, null, "");
            }

            if (OfFailure(request, prior, storeNowMs) is { Kind: FillOutcomeKind.Serve } standIn)
            {
                return standIn;
            }
        }

        var storable = Storability.Of(request, prior.Vary, framing, requestTimeMs, responseTimeMs, out var decision);
        if (storable is { } made && NotStorable(request.Policy, made.Response.Headers, response.ContentLength) is { } detail)
        {
            return new FillDecision(FillOutcomeKind.Answered, null, null, detail);
        }

        return new FillDecision(FillOutcomeKind.Answered, storable, null, StorageRules.ToToken(decision));
    }

    private static string? NotStorable(CachePolicy policy, HeaderField[] headers, long? bodyLength) =>
        StoredHeaders.Bytes(headers) > policy.Options.MaxHeaderBytes ? CacheStatusDetails.HeadersTooLarge
        : bodyLength > policy.Options.MaxBodyBytes ? CacheStatusDetails.BodyTooLarge
        : FoundTags.RefusalByHeaders(policy, headers);

    /// <summary>The API gave no answer, or one that says that it failed.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="prior">What may stand in (RFC 5861 §4).</param>
    /// <param name="storeNowMs">The store's time now.</param>
    public static FillDecision OfFailure(CacheRequest request, in LookUpResult prior, long storeNowMs) =>
        request.Context.Response.StatusCode >= 500 && StandsIn(request, prior, storeNowMs)
            ? new FillDecision(FillOutcomeKind.Serve, null, prior.Response, CacheStatusDetails.StaleIfError)
            : new FillDecision(FillOutcomeKind.Answered, null, null, "");

    /// <summary>Whether this request may be answered with what it looked up when the API fails.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="prior">What may stand in.</param>
    /// <param name="storeNowMs">The store's time now.</param>
    public static bool StandsIn(CacheRequest request, in LookUpResult prior, long storeNowMs) =>
        prior.Response is { } stored && stored.Freshness.CoversError(stored.AgeMs(storeNowMs), request.Directives);

    /// <summary>
    /// Whether the API's answer to a reader of a stored entry says that there is no such entry any more, or none for its readers. Where callers
    /// with different credentials share one, a reader without rights must not be able to evict it.
    /// </summary>
    public static bool EndsWhatIsStored(int? status, CredentialsMode credentials) => status switch
    {
        StatusCodes.Status404NotFound or StatusCodes.Status410Gone => true,
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => credentials is CredentialsMode.PerCredential or CredentialsMode.Bypass,
        _ => false,
    };
}
