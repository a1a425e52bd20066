using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Reading;

/// <summary>Answers a safe request by what was looked up for it: serve, fill or forward.</summary>
internal sealed class ReadHandler(
    ResourceCache cache,
    HeldBodies held,
    FillHandler fills,
    HotResources hot,
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

    /// <param name="request">The request.</param>
    /// <param name="found">What was looked up for it.</param>
    /// <param name="began">When it arrived.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public Task HandleAsync(CacheRequest request, in LookUpResult found, long began, RequestDelegate next) =>
        HandleAsync(request, new ValueTask<LookUpResult>(found), Attempt.LookUpAgain, began, next);

    /// <summary>What was found could not be sent.</summary>
    public Task HandleWithoutPriorAsync(CacheRequest request, long began, RequestDelegate next) =>
        HandleAsync(request, LookUpAsync(request), Attempt.WithoutPrior, began, next);

    private async Task HandleAsync(
        CacheRequest request, ValueTask<LookUpResult> lookUp, Attempt attempt, long began, RequestDelegate next)
    {
        for (var i = 0; i < MaxAttempts && attempt != Attempt.Answered; i++)
        {
            var found = await (i == 0 ? lookUp : LookUpAsync(request));
            var hasRoom = held.TryHold(request.Key, ref found, out var hold);
            using (hold)
            {
                attempt = hasRoom
                    ? await ActOnAsync(request, found, attempt != Attempt.WithoutPrior, began, next)
                    : await ForwardAsync(request, ForwardReason.MemoryFull, next);
            }
        }

        if (attempt != Attempt.Answered)
        {
            await ForwardAsync(request, ForwardReason.Contended, next);
        }
    }

    private ValueTask<LookUpResult> LookUpAsync(CacheRequest request) =>
        cache.LookUpAsync(request.Key, request.Variants, request.Policy.Options.MemoryTtl, request.Budget);

    private ValueTask<Attempt> ActOnAsync(CacheRequest request, in LookUpResult found, bool usePrior, long began, RequestDelegate next) =>
        found.Outcome switch
        {
            LookUpOutcome.Found => AnswerFoundAsync(request, found, usePrior, began, next),
            LookUpOutcome.Miss => AskAsync(request, found, MissReason(found), began, next),
            LookUpOutcome.Fenced => ForwardAsync(request, ForwardReason.Fenced, next),
            LookUpOutcome.EvictionPending => ForwardAsync(request, ForwardReason.PendingEviction, next),
            LookUpOutcome.Unavailable => ForwardAsync(request, ForwardReason.StoreUnavailable, next),
        };

    private ValueTask<Attempt> AnswerFoundAsync(
        CacheRequest request, in LookUpResult found, bool usePrior, long began, RequestDelegate next)
    {
        var stored = found.Response!;
        // What it contains by the present rules is not known where it was stored under others.
        if (!usePrior || !request.Policy.Knows(stored))
        {
            return AskAsync(request, found with { Response = null }, MissReason(found), began, next);
        }

        if (!RequestTarget.IsSame(request.Context.Request, stored.Target))
        {
            // The tenant has several hosts, and an API may build links from them: from now on each has its own variant. What answered
            // another path is of an earlier version or configuration.
            var vary = RequestTarget.IsSameHost(request.Context.Request, stored.Target) ? found.Vary : VaryNames.Union(found.Vary, HostName);
            var other = found with { Response = null, Vary = vary };
            return AskAsync(request, other, MissReason(found), began, next);
        }

        var ageMs = stored.AgeMs(cache.NowMs);
        switch (stored.Freshness.Judge(ageMs, request.Directives))
        {
            case FreshnessVerdict.MustRevalidate:
                var reason = stored.Freshness.IsFresh(ageMs) ? CacheStatusForward.Request : CacheStatusForward.Stale;
                return AskAsync(request, found, reason, began, next);
            case FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed or FreshnessVerdict.StaleWhileRevalidate
                when request.IsShadowed:
                return AnsweredAsync(shadows.ForwardAsync(request, stored, next));
            case FreshnessVerdict.Fresh:
            case FreshnessVerdict.StaleAllowed:
                hot.Hit(request, found);
                return ServeAsync(request, stored, ageMs, began);
            case FreshnessVerdict.StaleWhileRevalidate:
                hot.Hit(request, found);
                refresh.Start(request, found, next);
                return ServeAsync(request, stored, ageMs, began);
            default:
                throw new InvalidOperationException("No such verdict.");
        }
    }

    /// <summary>Nothing may be served without asking the API.</summary>
    private ValueTask<Attempt> AskAsync(
        CacheRequest request, LookUpResult prior, CacheStatusForward reason, long began, RequestDelegate next)
    {
        var headers = request.Context.Request.Headers;
        if (request.IsShadowed)
        {
            // What is stored answers for nothing: neither after a validation, nor in place of an error, nor the client's own conditions.
            return request.IsHead || headers.Range.Count > 0 || ConditionalRequest.IsPresent(headers)
                ? ForwardAsync(request, ForwardReason.Shadow, next)
                : FillAsync(request, prior with { Response = null }, reason, began, next);
        }

        if (request.Directives.OnlyIfCached)
        {
            RefuseOnlyIfCached(request.Context.Response, reason);
            return new(Attempt.Answered);
        }

        if (headers.Range.Count > 0)
        {
            return ForwardAsync(request, ForwardReason.Range, next);
        }

        if (request.IsHead)
        {
            return AnsweredAsync(heads.ForwardAsync(request, prior, next));
        }

        return FillAsync(request, prior, reason, began, next);
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
            case FillOutcomeKind.Share:
                return await RespondAsync(request, outcome, began, next);
            case FillOutcomeKind.Forward:
                return await ForwardAsync(request, outcome.Reason, next);
            case FillOutcomeKind.Refuse:
                FillRefusal.Answer(request, outcome.Status);
                return Attempt.Answered;
            case FillOutcomeKind.LookUpAgain:
                return Attempt.LookUpAgain;
            case FillOutcomeKind.WithoutPrior:
                return Attempt.WithoutPrior;
            default:
                throw new InvalidOperationException("No such outcome of a fill.");
        }
    }

    private async ValueTask<Attempt> RespondAsync(CacheRequest request, FillOutcome outcome, long began, RequestDelegate next)
    {
        var response = outcome.Response!;
        if (!held.TryHold(request.Key, ref response, out var hold))
        {
            (response, outcome) = (null!, default);
            return await ForwardAsync(request, ForwardReason.MemoryFull, next);
        }

        using var _ = hold;
        var isShared = outcome.Kind == FillOutcomeKind.Share;
        if (isShared)
        {
            events.Hit(request.Policy.Events, request.Tenant, request.Id);
            metrics.Collapsed(request.Policy.Name, request.Tenant);
        }

        if (!await hits.TrySendAsync(request.Context, request.Policy, response, response.AgeMs(cache.NowMs), outcome.Status))
        {
            return Attempt.WithoutPrior;
        }

        if (isShared)
        {
            metrics.CollapsedServed(request.Policy.Name, began);
        }
        else
        {
            metrics.Filled(request.Policy.Name, began);
        }

        return Attempt.Answered;
    }

    private ValueTask<Attempt> ForwardAsync(CacheRequest request, ForwardReason reason, RequestDelegate next) =>
        AnsweredAsync(forwards.ForwardAsync(request.Context, request.Policy, reason, next));

    private static async ValueTask<Attempt> AnsweredAsync(Task answer)
    {
        await answer;
        return Attempt.Answered;
    }

    private ValueTask<Attempt> ServeAsync(CacheRequest request, StoredResponse stored, long ageMs, long began)
    {
        var served = hits.TryServeAsync(request.Context, request.Policy, request.Tenant, stored, ageMs, began);
        return AtHand.TryTake(served, out var isServed) ? new(AttemptOf(isServed)) : WaitAsync(served);

        static async ValueTask<Attempt> WaitAsync(Task<bool> served) => AttemptOf(await served);
    }

    // One that cannot be sent is no answer: the API is asked as if it were not stored.
    private static Attempt AttemptOf(bool served) => served ? Attempt.Answered : Attempt.WithoutPrior;

    private static CacheStatusForward MissReason(in LookUpResult result) =>
        result.Vary.Length > 0 ? CacheStatusForward.VaryMiss : CacheStatusForward.UriMiss;

    private static void RefuseOnlyIfCached(HttpResponse response, CacheStatusForward reason)
    {
        response.StatusCode = StatusCodes.Status504GatewayTimeout;
        new CacheStatus(Forward: reason, Detail: CacheStatusDetails.OnlyIfCached).AppendTo(response.Headers);
    }
}
