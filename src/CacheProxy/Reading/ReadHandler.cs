using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Reading.Comparing;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Reading;

/// <summary>Answers a safe request by what was looked up for it: serve, fill or forward.</summary>
internal sealed class ReadHandler(
    ResourceCache cache,
    HeldBodies held,
    FillHandler fills,
    HotResources hot,
    HitSamples samples,
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

    private ValueTask<Attempt> ActOnAsync(CacheRequest request, in LookUpResult found, bool usePrior, long began, RequestDelegate next)
    {
        var decision = ReadDecision.Of(request, found, usePrior, found.Response is null ? 0 : cache.NowMs);
        if (decision is { Action: ReadAction.Fill } or { Action: ReadAction.Forward, Forward: ForwardReason.Shadow } && request.IsShadowed)
        {
            shadows.Missed(request);
        }

        switch (decision.Action)
        {
            case ReadAction.Serve:
                hot.Hit(request, found);
                samples.Hit(request, found, decision.AgeMs, next);
                return ServeAsync(request, found, decision.AgeMs, began);
            case ReadAction.ServeAndRefresh:
                hot.Hit(request, found);
                refresh.Start(request, found, next);
                return ServeAsync(request, found, decision.AgeMs, began);
            case ReadAction.Compare:
                return AnsweredAsync(shadows.ForwardAsync(request, found, next));
            case ReadAction.Fill:
                return FillAsync(request, decision.Prior, decision.Asking, began, next);
            case ReadAction.Forward:
                return ForwardAsync(request, decision.Forward, next);
            case ReadAction.Head:
                return AnsweredAsync(heads.ForwardAsync(request, decision.Prior, next));
            case ReadAction.Refuse:
                RefuseOnlyIfCached(request.Context.Response, decision.Asking);
                return new(Attempt.Answered);
            default:
                throw new InvalidOperationException("No such action.");
        }
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

    private ValueTask<Attempt> ServeAsync(CacheRequest request, in LookUpResult found, long ageMs, long began)
    {
        var served = hits.TryServeAsync(request.Context, request.Policy, request.Tenant, found.Response!, ageMs, began, found.IsCopy);
        return AtHand.TryTake(served, out var isServed) ? new(AttemptOf(isServed)) : WaitAsync(served);

        static async ValueTask<Attempt> WaitAsync(Task<bool> served) => AttemptOf(await served);
    }

    // One that cannot be sent is no answer: the API is asked as if it were not stored.
    private static Attempt AttemptOf(bool served) => served ? Attempt.Answered : Attempt.WithoutPrior;

    private static void RefuseOnlyIfCached(HttpResponse response, CacheStatusForward reason)
    {
        response.StatusCode = StatusCodes.Status504GatewayTimeout;
        new CacheStatus(Forward: reason, Detail: CacheStatusDetails.OnlyIfCached).AppendTo(response.Headers);
    }
}
