using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Reading;

/// <summary>Answers a safe request: look up, then serve, fill or forward.</summary>
internal sealed class ReadHandler(
    ICacheStore store,
    EntryLookUp lookUp,
    FillHandler fills,
    HeadHandler heads,
    BackgroundRefresh refresh,
    ShadowForwarder shadows,
    HitResponder hits,
    PendingEvictions pending,
    ForwardResponder forwards,
    CacheMetrics metrics,
    CacheEventLog events)
{
    // Each further look-up follows a change of the entry by somebody else; so many in one request are no coincidence.
    private const int MaxLookUps = 4;
    private const string HostName = "host";

    public async Task HandleAsync(CacheRequest request, RequestDelegate next)
    {
        request.Began = metrics.Begin();
        var useStored = true;
        for (var i = 0; i < MaxLookUps; i++)
        {
            if (pending.MustForward(request.Key))
            {
                await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.PendingEviction, next);
                return;
            }

            var entry = await lookUp.FindAsync(request);
            switch (entry.Result.Outcome)
            {
                case LookUpOutcome.Fenced:
                    await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Fenced, next);
                    return;
                case LookUpOutcome.Unavailable:
                    await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.StoreUnavailable, next);
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

        await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Contended, next);
    }

    private async ValueTask<FillOutcome> AnswerAsync(CacheRequest request, FoundEntry entry, bool useStored, RequestDelegate next)
    {
        if (!useStored || entry.Result.Response is not { } stored || !RequestTarget.IsSame(request.Context.Request, stored.Target))
        {
            if (entry.Result.Response is not null)
            {
                // The tenant has several hosts, and an API may build links from them: from now on each has its own variant.
                request.KnownVary = VaryNames.Union(request.KnownVary, HostName);
            }

            return await AskAsync(request, entry, new StaleEntry(null, entry.Result.Stamp, MissReason(entry.Result)), next);
        }

        // A write whose fence could not be set may have begun while the look-up was under way.
        if (pending.MustForward(request.Key))
        {
            return FillOutcome.LookUpAgain;
        }

        var ageMs = stored.AgeMs(store.NowMs);
        var stale = new StaleEntry(
            stored, entry.Result.Stamp, stored.Freshness.IsFresh(ageMs) ? CacheStatusForward.Request : CacheStatusForward.Stale);
        switch (stored.Freshness.Judge(ageMs, request.Directives))
        {
            case FreshnessVerdict.MustRevalidate:
                return await AskAsync(request, entry, stale, next);
            case FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed or FreshnessVerdict.StaleWhileRevalidate
                when request.IsShadowed:
                await shadows.ForwardAsync(request, stored, next);
                return FillOutcome.Answered;
            case FreshnessVerdict.Fresh:
            case FreshnessVerdict.StaleAllowed:
                await ServeAsync(request, stored, ageMs);
                return FillOutcome.Answered;
            case FreshnessVerdict.StaleWhileRevalidate:
                refresh.Start(request, entry.Variant, stale, next);
                await ServeAsync(request, stored, ageMs);
                return FillOutcome.Answered;
            default:
                throw new InvalidOperationException("No such verdict.");
        }
    }

    /// <summary>Nothing may be served without asking the API.</summary>
    private async ValueTask<FillOutcome> AskAsync(CacheRequest request, FoundEntry entry, StaleEntry stale, RequestDelegate next)
    {
        if (request.IsShadowed)
        {
            return await AskShadowedAsync(request, entry, stale, next);
        }

        if (request.Directives.OnlyIfCached)
        {
            RefuseOnlyIfCached(request.Context.Response, stale.Reason);
            return FillOutcome.Answered;
        }

        if (request.Context.Request.Headers.Range.Count > 0)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Range, next);
            return FillOutcome.Answered;
        }

        if (request.IsHead)
        {
            await heads.ForwardAsync(request, entry, stale, next);
            return FillOutcome.Answered;
        }

        return await fills.FillAsync(request, entry.Variant, stale, next);
    }

    /// <summary>
    /// What may be stored is, but what is stored answers for nothing: neither after a validation nor in place of an error, nor the
    /// client's own conditions.
    /// </summary>
    private async ValueTask<FillOutcome> AskShadowedAsync(CacheRequest request, FoundEntry entry, StaleEntry stale, RequestDelegate next)
    {
        var headers = request.Context.Request.Headers;
        if (!request.IsHead && headers.Range.Count == 0 && !ConditionalRequest.IsPresent(headers))
        {
            return await fills.FillAsync(request, entry.Variant, stale with { Response = null }, next);
        }

        await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Shadow, next);
        return FillOutcome.Answered;
    }

    private async Task ServeAsync(CacheRequest request, StoredResponse stored, long ageMs)
    {
        var stale = !stored.Freshness.IsFresh(ageMs);
        events.Hit(request.Policy.Events, request.Tenant, request.Id);
        metrics.Hit(request.Policy.Name, stale);
        await hits.ServeAsync(
            request.Context, stored, ageMs, new CacheStatus(Hit: true, TtlSeconds: stored.Freshness.TtlSeconds(ageMs)));
        metrics.HitServed(request.Policy.Name, stale, request.Began);
    }

    private static CacheStatusForward MissReason(in LookUpResult result) =>
        result.Vary.Length > 0 ? CacheStatusForward.VaryMiss : CacheStatusForward.UriMiss;

    private static void RefuseOnlyIfCached(HttpResponse response, CacheStatusForward reason)
    {
        response.StatusCode = StatusCodes.Status504GatewayTimeout;
        new CacheStatus(Forward: reason, Detail: CacheStatusDetails.OnlyIfCached).AppendTo(response.Headers);
    }
}
