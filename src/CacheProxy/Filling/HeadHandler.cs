using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Filling;

/// <summary>Forwards a HEAD, and lets its answer freshen the stored GET response that it speaks of (RFC 9111 §4.3.5).</summary>
internal sealed class HeadHandler(
    ResourceCache cache, ForwardResponder forwards, EntryDependencies dependencies, CacheEventLog events, TimeProvider time)
{
    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <param name="request">The request.</param>
    /// <param name="prior">What the look-up found.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public async Task ForwardAsync(CacheRequest request, LookUpResult prior, RequestDelegate next)
    {
        if (prior.Response is not { } stored)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Head, next);
            return;
        }

        var lease = cache.NewLease(request.Key, prior, exclusive: false);
        if (await cache.BeginFillAsync(request.Key, lease, request.Budget) != BeginFillOutcome.Granted)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Head, next);
            return;
        }

        var watch = dependencies.Begin(request.Policy);
        FillResult? freshened = null;
        var evidence = HeadEvidence.None;
        try
        {
            var requestTimeMs = NowMs;
            var framing = new UpstreamFraming();
            request.Context.Features.Set(framing);
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Head, next);
            evidence = Judge(request, stored);
            freshened = evidence == HeadEvidence.Current
                ? Storability.OfFreshened(request, prior.Vary, stored, framing, requestTimeMs, NowMs)
                : null;
            if (framing.HiddenTagHeaders is not null || (freshened is { Response: var fresher } && FoundTags.Concern(request.Policy, fresher)))
            {
                // Nobody has looked whether its tags are those of before.
                freshened = null;
            }
        }
        finally
        {
            await EndAsync(request, lease, freshened, watch, evidence == HeadEvidence.OutOfDate);
        }
    }

    private static HeadEvidence Judge(CacheRequest request, StoredResponse stored) =>
        request.Context.Response.StatusCode == stored.Status && request.Context.Features.Get<IForwarderErrorFeature>() is null
            ? HeadUpdate.Judge(stored.Headers, stored.Body.Length, request.Context.Response.Headers)
            : HeadEvidence.None;

    private async ValueTask EndAsync(CacheRequest request, FillLease lease, FillResult? freshened, DependencyWatch? watch, bool outOfDate)
    {
        if (freshened is { } result)
        {
            result = result with { Response = result.Response with { ResponseTimeMs = cache.NowMs } };
            if (result.HasPolicyTtl && request.Policy.Options.AdaptiveTtl is { } adaptive)
            {
                var pace = await cache.NotePaceAsync(request.Key, PaceStep.Filling, adaptive.Memory, request.StoreTimeout);
                result = BodyFreshness.Adapt(request.Policy, result, pace);
            }

            result = BodyFreshness.Apply(request.Policy, result);
            await (watch is null
                ? cache.CompleteFillAsync(request.Key, lease, result, request.Budget)
                : dependencies.CompleteFillAsync(request, lease, result, watch));
        }
        else if (outOfDate)
        {
            // The lease goes with the rest.
            if (await cache.EvictAsync(request.Key, lease.Token, request.Budget, request.Policy.HasDependents) == StoreOutcome.Done)
            {
                events.Invalidated(request.Policy.Events, request.Tenant, request.Id);
            }
        }
        else
        {
            await cache.AbandonFillAsync(request.Key, lease, request.Budget);
        }
    }
}
