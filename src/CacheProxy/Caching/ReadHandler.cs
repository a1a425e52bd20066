using CacheProxy.Caching.Filling;
using CacheProxy.Caching.Serving;
using CacheProxy.Eviction;
using CacheProxy.Forwarding;
using CacheProxy.HttpRules;
using CacheProxy.Observability;
using CacheProxy.Policies;
using CacheProxy.Stores;

namespace CacheProxy.Caching;

/// <summary>Answers a safe request: look up, then serve, fill or forward.</summary>
internal sealed class ReadHandler(
    ICacheStore store, EntryLookUp lookUp, FillHandler fills, HitResponder hits, PendingEvictions pending, CacheEventLog events)
{
    // Each further look-up follows a change of the entry by somebody else; so many in one request are no coincidence.
    private const int MaxLookUps = 4;

    public async Task HandleAsync(CacheRequest request, RequestDelegate next)
    {
        var useStored = true;
        for (var i = 0; i < MaxLookUps; i++)
        {
            if (pending.MustForward(request.Key))
            {
                await ForwardResponder.ForwardAsync(request.Context, ForwardReason.PendingEviction, next);
                return;
            }

            var entry = await lookUp.FindAsync(request);
            switch (entry.Result.Outcome)
            {
                case LookUpOutcome.Fenced:
                    await ForwardResponder.ForwardAsync(request.Context, ForwardReason.Fenced, next);
                    return;
                case LookUpOutcome.Unavailable:
                    await ForwardResponder.ForwardAsync(request.Context, ForwardReason.StoreUnavailable, next);
                    return;
                case LookUpOutcome.Found:
                case LookUpOutcome.Miss:
                    break;
                default:
                    throw new InvalidOperationException("No such outcome of a look-up.");
            }

            var outcome = await AnswerAsync(request, entry, useStored, next);
            if (outcome == FillOutcome.Answered)
            {
                return;
            }

            useStored = outcome != FillOutcome.FillWithoutIt;
        }

        await ForwardResponder.ForwardAsync(request.Context, ForwardReason.Contended, next);
    }

    private async ValueTask<FillOutcome> AnswerAsync(CacheRequest request, FoundEntry entry, bool useStored, RequestDelegate next)
    {
        var stale = new StaleEntry(null, entry.Result.Stamp, MissReason(entry.Result));
        if (useStored && entry.Result.Response is { } stored && RequestTarget.IsSame(request.Context.Request, stored.Target))
        {
            // A write whose fence could not be set may have begun while the look-up was under way.
            if (pending.MustForward(request.Key))
            {
                return FillOutcome.LookUpAgain;
            }

            var ageMs = stored.AgeMs(store.NowMs);
            var verdict = stored.Freshness.Judge(ageMs, request.Directives);
            if (verdict is FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed && request.Policy.Options.Mode == CacheMode.On)
            {
                await ServeAsync(request, stored, ageMs);
                return FillOutcome.Answered;
            }

            stale = stale with
            {
                Response = stored,
                Reason = ageMs < stored.LifetimeMs ? CacheStatusForward.Request : CacheStatusForward.Stale,
            };
        }

        if (FindObstacle(request) is { } reason)
        {
            await ForwardResponder.ForwardAsync(request.Context, reason, next);
            return FillOutcome.Answered;
        }

        if (request.Directives.OnlyIfCached)
        {
            OnlyIfCached(request.Context.Response, stale.Reason);
            return FillOutcome.Answered;
        }

        return await fills.FillAsync(request, entry.Variant, stale, next);
    }

    private Task ServeAsync(CacheRequest request, StoredResponse stored, long ageMs)
    {
        events.Hit(request.Policy.Events, request.Tenant, request.Id);
        // Rounded down, so that what is said to be fresh still is when the client has read it.
        var ttlSeconds = (long)Math.Floor((stored.LifetimeMs - ageMs) / 1000d);
        return hits.ServeAsync(request.Context, stored, ageMs, new CacheStatus(Hit: true, TtlSeconds: ttlSeconds));
    }

    private static ForwardReason? FindObstacle(CacheRequest request) =>
        request.IsHead ? ForwardReason.Head
        : request.Context.Request.Headers.Range.Count > 0 ? ForwardReason.Range
        : null;

    private static CacheStatusForward MissReason(in LookUpResult result) =>
        result.Vary.Length > 0 ? CacheStatusForward.VaryMiss : CacheStatusForward.UriMiss;

    private static void OnlyIfCached(HttpResponse response, CacheStatusForward reason)
    {
        response.StatusCode = StatusCodes.Status504GatewayTimeout;
        new CacheStatus(Forward: reason, Detail: "only-if-cached").AppendTo(response.Headers);
    }
}
