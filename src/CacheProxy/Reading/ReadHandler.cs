using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Reading;

/// <summary>Answers a safe request: look up, then serve, fill or forward.</summary>
internal sealed class ReadHandler(
    ResourceCache cache,
    FillHandler fills,
    HeadHandler heads,
    BackgroundRefresh refresh,
    ShadowForwarder shadows,
    HitResponder hits,
    ForwardResponder forwards,
    CacheMetrics metrics,
    CacheEventLog events)
{
    // Each further attempt follows a change of the entry by somebody else; so many in one request are no coincidence.
    private const int MaxAttempts = 4;
    private const string HostName = "host";

    private enum Attempt
    {
        Answered,
        LookUpAgain,
        WithoutPrior,
    }

    public async Task HandleAsync(CacheRequest request, RequestDelegate next)
    {
        var began = metrics.Begin();
        var attempt = Attempt.LookUpAgain;
        var headersOnly = MayDoWithoutBody(request);
        for (var i = 0; i < MaxAttempts && attempt != Attempt.Answered; i++)
        {
            var found = await cache.LookUpAsync(request.Key, request.Variants, request.Policy.Options.MemoryTtl, request.Budget, headersOnly);
            if (headersOnly && found.Response is { AbsentBodyLength: not null } stored && !IsAnsweredByHeaders(request, stored))
            {
                // The client has something else than is stored, or the API is to be asked.
                found = await cache.LookUpAsync(request.Key, request.Variants, request.Policy.Options.MemoryTtl, request.Budget);
            }

            headersOnly = false;
            attempt = found.Outcome switch
            {
                LookUpOutcome.Found => await AnswerFoundAsync(request, found, attempt != Attempt.WithoutPrior, began, next),
                LookUpOutcome.Miss => await AskAsync(request, found, MissReason(found), began, next),
                LookUpOutcome.Fenced => await ForwardAsync(request, ForwardReason.Fenced, next),
                LookUpOutcome.EvictionPending => await ForwardAsync(request, ForwardReason.PendingEviction, next),
                LookUpOutcome.Unavailable => await ForwardAsync(request, ForwardReason.StoreUnavailable, next),
            };
        }

        if (attempt != Attempt.Answered)
        {
            await ForwardAsync(request, ForwardReason.Contended, next);
        }
    }

    private static bool MayDoWithoutBody(CacheRequest request) =>
        !request.IsShadowed && (request.IsHead || ConditionalRequest.IsPresent(request.Context.Request.Headers));

    private bool IsAnsweredByHeaders(CacheRequest request, StoredResponse stored) =>
        RequestTarget.IsSame(request.Context.Request, stored.Target)
        && stored.Freshness.Judge(stored.AgeMs(cache.NowMs), request.Directives) is FreshnessVerdict.Fresh
        && (request.IsHead || hits.IsNotModified(request.Context, stored));

    private async ValueTask<Attempt> AnswerFoundAsync(
        CacheRequest request, LookUpResult found, bool usePrior, long began, RequestDelegate next)
    {
        var stored = found.Response!;
        if (!usePrior)
        {
            return await AskAsync(request, found with { Response = null }, MissReason(found), began, next);
        }

        if (!RequestTarget.IsSame(request.Context.Request, stored.Target))
        {
            // The tenant has several hosts, and an API may build links from them: from now on each has its own variant.
            var other = found with { Response = null, Vary = VaryNames.Union(found.Vary, HostName) };
            return await AskAsync(request, other, MissReason(found), began, next);
        }

        var ageMs = stored.AgeMs(cache.NowMs);
        switch (stored.Freshness.Judge(ageMs, request.Directives))
        {
            case FreshnessVerdict.MustRevalidate:
                var reason = stored.Freshness.IsFresh(ageMs) ? CacheStatusForward.Request : CacheStatusForward.Stale;
                return await AskAsync(request, found, reason, began, next);
            case FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed or FreshnessVerdict.StaleWhileRevalidate
                when request.IsShadowed:
                await shadows.ForwardAsync(request, stored, next);
                return Attempt.Answered;
            case FreshnessVerdict.Fresh:
            case FreshnessVerdict.StaleAllowed:
                await ServeAsync(request, stored, ageMs, began);
                return Attempt.Answered;
            case FreshnessVerdict.StaleWhileRevalidate:
                refresh.Start(request, found, next);
                await ServeAsync(request, stored, ageMs, began);
                return Attempt.Answered;
            default:
                throw new InvalidOperationException("No such verdict.");
        }
    }

    /// <summary>Nothing may be served without asking the API.</summary>
    private async ValueTask<Attempt> AskAsync(
        CacheRequest request, LookUpResult prior, CacheStatusForward reason, long began, RequestDelegate next)
    {
        var headers = request.Context.Request.Headers;
        if (request.IsShadowed)
        {
            // What is stored answers for nothing: neither after a validation, nor in place of an error, nor the client's own conditions.
            return request.IsHead || headers.Range.Count > 0 || ConditionalRequest.IsPresent(headers)
                ? await ForwardAsync(request, ForwardReason.Shadow, next)
                : await FillAsync(request, prior with { Response = null }, reason, began, next);
        }

        if (request.Directives.OnlyIfCached)
        {
            RefuseOnlyIfCached(request.Context.Response, reason);
            return Attempt.Answered;
        }

        if (headers.Range.Count > 0)
        {
            return await ForwardAsync(request, ForwardReason.Range, next);
        }

        if (request.IsHead)
        {
            await heads.ForwardAsync(request, prior, next);
            return Attempt.Answered;
        }

        return await FillAsync(request, prior, reason, began, next);
    }

    private async ValueTask<Attempt> FillAsync(
        CacheRequest request, LookUpResult prior, CacheStatusForward reason, long began, RequestDelegate next)
    {
        var outcome = await fills.FillAsync(request, prior, reason, next);
        switch (outcome.Kind)
        {
            case FillOutcomeKind.Answered:
                metrics.Filled(request.Policy.Name, began);
                return Attempt.Answered;
            case FillOutcomeKind.Serve:
                await RespondAsync(request, outcome);
                metrics.Filled(request.Policy.Name, began);
                return Attempt.Answered;
            case FillOutcomeKind.Share:
                events.Hit(request.Policy.Events, request.Tenant, request.Id);
                metrics.Collapsed(request.Policy.Name);
                await RespondAsync(request, outcome);
                metrics.CollapsedServed(request.Policy.Name, began);
                return Attempt.Answered;
            case FillOutcomeKind.Forward:
                return await ForwardAsync(request, outcome.Reason, next);
            case FillOutcomeKind.LookUpAgain:
                return Attempt.LookUpAgain;
            case FillOutcomeKind.WithoutPrior:
                return Attempt.WithoutPrior;
            default:
                throw new InvalidOperationException("No such outcome of a fill.");
        }
    }

    private Task RespondAsync(CacheRequest request, in FillOutcome outcome) =>
        hits.ServeAsync(request.Context, outcome.Response!, outcome.Response!.AgeMs(cache.NowMs), outcome.Status);

    private async ValueTask<Attempt> ForwardAsync(CacheRequest request, ForwardReason reason, RequestDelegate next)
    {
        await forwards.ForwardAsync(request.Context, request.Policy, reason, next);
        return Attempt.Answered;
    }

    private async Task ServeAsync(CacheRequest request, StoredResponse stored, long ageMs, long began)
    {
        var stale = !stored.Freshness.IsFresh(ageMs);
        events.Hit(request.Policy.Events, request.Tenant, request.Id);
        metrics.Hit(request.Policy.Name, stale);
        await hits.ServeAsync(
            request.Context, stored, ageMs, new CacheStatus(Hit: true, TtlSeconds: stored.Freshness.TtlSeconds(ageMs)));
        metrics.HitServed(request.Policy.Name, stale, began);
    }

    private static CacheStatusForward MissReason(in LookUpResult result) =>
        result.Vary.Length > 0 ? CacheStatusForward.VaryMiss : CacheStatusForward.UriMiss;

    private static void RefuseOnlyIfCached(HttpResponse response, CacheStatusForward reason)
    {
        response.StatusCode = StatusCodes.Status504GatewayTimeout;
        new CacheStatus(Forward: reason, Detail: CacheStatusDetails.OnlyIfCached).AppendTo(response.Headers);
    }
}
