using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Reading;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Warming;

/// <summary>Makes one hot request again, unless its answer is there, by the steps that a client's miss takes.</summary>
internal sealed class WarmFetch(WarmPipeline pipeline, ResourceCache cache, FillHandler fills, FillLimits limits, IServiceProvider services)
{
    /// <param name="text">The request.</param>
    /// <param name="policy">The policy that it was learned under. What is routed to another one by now is left alone.</param>
    /// <param name="credential">A header that it carries, if any.</param>
    /// <param name="stopping">Ends the request to the API.</param>
    public async Task<WarmResult> FetchAsync(string text, string policy, KeyValuePair<string, string>? credential, CancellationToken stopping)
    {
        if (HotRequest.TryParse(text) is not { } hot)
        {
            return WarmResult.Skipped;
        }

        var context = await pipeline.RouteAsync(hot, services, stopping);
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>() is not { Policy: { } routed } route
            || !routed.Name.Equals(policy, StringComparison.OrdinalIgnoreCase)
            // Somebody has written one into the list: nobody's but our own is ever sent.
            || route.Rules.Credentials.IsPresent(context.Request.Headers))
        {
            return WarmResult.Skipped;
        }

        if (credential is { } header && routed.Options.Credentials != CredentialsMode.Bypass)
        {
            context.Request.Headers[header.Key] = header.Value;
        }

        var folded = FoldedHeaders.Of(context.Request.Headers);
        var overridden = MethodOverride.Find(context.Request.Headers, context.Request.QueryString, folded);
        return CacheRequestReader.TryRead(context, routed, route, folded, overridden, out var read, out _)
            ? await FillAsync(CacheRequest.Of(read, new StoreTimeoutBudget(read.StoreTimeout), inBackground: true))
            : WarmResult.Skipped;
    }

    private async Task<WarmResult> FillAsync(CacheRequest request)
    {
        // Before the look-up, which would be of no use.
        if (!limits.HasRoomForWarming(request))
        {
            return WarmResult.Busy;
        }

        var found = await cache.LookUpAsync(request.Key, request.Variants, TimeSpan.Zero, request.Budget);
        switch (found.Outcome)
        {
            case LookUpOutcome.Found:
                return WarmResult.Present;
            case LookUpOutcome.Fenced:
            case LookUpOutcome.EvictionPending:
                return WarmResult.Skipped;
            case LookUpOutcome.Unavailable:
                return WarmResult.StoreUnavailable;
            case LookUpOutcome.Miss:
                break;
        }

        if (!await fills.RefreshAsync(request, found, CacheStatusForward.UriMiss, pipeline.Next))
        {
            return WarmResult.Present;
        }

        var response = request.Context.Response;
        return request.Context.Features.Get<IForwarderErrorFeature>() is not null || response.StatusCode >= 500 ? WarmResult.Failed
            : response.StatusCode is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden ? WarmResult.Refused
            : WarmResult.Fetched;
    }
}

/// <summary>What became of one hot request.</summary>
internal enum WarmResult
{
    /// <summary>The API has answered; what may be stored is stored.</summary>
    Fetched,

    /// <summary>It is stored, or somebody is at it.</summary>
    Present,

    /// <summary>It is no request of the policy any more, or a write is under way.</summary>
    Skipped,

    /// <summary>The API wants a credential.</summary>
    Refused,

    /// <summary>The API gave no answer, or one that says that it failed.</summary>
    Failed,

    /// <summary>Misses of clients need the API: to be tried again.</summary>
    Busy,
    StoreUnavailable,
}
