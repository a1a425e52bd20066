using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Reading;

/// <summary>Answers a safe request: look up, then serve, fill or forward.</summary>
internal sealed partial class ReadHandler(
    ResourceCache cache,
    HeldBodies held,
    FillHandler fills,
    HeadHandler heads,
    BackgroundRefresh refresh,
    ShadowForwarder shadows,
    HitResponder hits,
    ForwardResponder forwards,
    CacheMetrics metrics,
    CacheEventLog events,
    ILogger<ReadHandler> logger)
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
            var found = headersOnly
                ? await LookUpHeadersFirstAsync(request)
                : await cache.LookUpAsync(request.Key, request.Variants, request.Policy.Options.MemoryTtl, request.Budget, begins: request.Lease);
            headersOnly = false;
            var hasRoom = TryHold(request.Key, ref found, out var hold);
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

    private async ValueTask<LookUpResult> LookUpHeadersFirstAsync(CacheRequest request)
    {
        var memoryTtl = request.Policy.Options.MemoryTtl;
        var found = await cache.LookUpAsync(request.Key, request.Variants, memoryTtl, request.Budget, headersOnly: true);
        return found.Response is not { AbsentBodyLength: not null } stored || IsAnsweredByHeaders(request, stored)
            ? found
            // The client has something else than is stored, or the API is to be asked.
            : await cache.LookUpAsync(request.Key, request.Variants, memoryTtl, request.Budget);
    }

    private static bool MayDoWithoutBody(CacheRequest request) =>
        !request.IsShadowed && (request.IsHead || ConditionalRequest.IsPresent(request.Context.Request.Headers));

    private bool IsAnsweredByHeaders(CacheRequest request, StoredResponse stored) =>
        RequestTarget.IsSame(request.Context.Request, stored.Target)
        && stored.Freshness.Judge(stored.AgeMs(cache.NowMs), request.Directives) is FreshnessVerdict.Fresh
        && (request.IsHead || hits.IsNotModified(request.Context, stored));

    private ValueTask<Attempt> ActOnAsync(CacheRequest request, in LookUpResult found, bool usePrior, long began, RequestDelegate next) =>
        found.Outcome switch
        {
            LookUpOutcome.Found => AnswerFoundAsync(request, found, usePrior, began, next),
            LookUpOutcome.Miss => AskAsync(request, found, MissReason(found), began, next),
            LookUpOutcome.Fenced => ForwardAsync(request, ForwardReason.Fenced, next),
            LookUpOutcome.EvictionPending => ForwardAsync(request, ForwardReason.PendingEviction, next),
            LookUpOutcome.Unavailable => ForwardAsync(request, ForwardReason.StoreUnavailable, next),
        };

    /// <summary>What was found stays in memory until the request ends, whatever becomes of it; where there is no room, not even until then.</summary>
    private bool TryHold(ResourceKey key, ref LookUpResult found, out HeldBody? hold)
    {
        hold = null;
        if (found.Response is not { } stored)
        {
            return true;
        }

        if (!held.TryHold(key, ref stored, out hold))
        {
            found = default;
            return false;
        }

        if (!ReferenceEquals(stored, found.Response))
        {
            found = found with { Response = stored };
        }

        return true;
    }

    private async ValueTask<Attempt> AnswerFoundAsync(
        CacheRequest request, LookUpResult found, bool usePrior, long began, RequestDelegate next)
    {
        var stored = found.Response!;
        if (!usePrior)
        {
            return await AskAsync(request, found with { Response = null }, MissReason(found), began, next);
        }

        if (stored.AbsentBodyLength is not null)
        {
            // It was seen to be answered by its headers; so it is, whatever the clock shows now. Nothing may be stored from it.
            return await ServeAsync(request, stored, stored.AgeMs(cache.NowMs), began);
        }

        if (!RequestTarget.IsSame(request.Context.Request, stored.Target))
        {
            // The tenant has several hosts, and an API may build links from them: from now on each has its own variant. What answered
            // another path is of an earlier version or configuration.
            var vary = RequestTarget.IsSameHost(request.Context.Request, stored.Target) ? found.Vary : VaryNames.Union(found.Vary, HostName);
            var other = found with { Response = null, Vary = vary };
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
                return await ServeAsync(request, stored, ageMs, began);
            case FreshnessVerdict.StaleWhileRevalidate:
                refresh.Start(request, found, next);
                return await ServeAsync(request, stored, ageMs, began);
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
            case FillOutcomeKind.Share:
                return await RespondAsync(request, outcome, began, next);
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
            metrics.Collapsed(request.Policy.Name);
        }

        if (!await TrySendAsync(request, response, response.AgeMs(cache.NowMs), outcome.Status))
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

    private async ValueTask<Attempt> ForwardAsync(CacheRequest request, ForwardReason reason, RequestDelegate next)
    {
        await forwards.ForwardAsync(request.Context, request.Policy, reason, next);
        return Attempt.Answered;
    }

    private async ValueTask<Attempt> ServeAsync(CacheRequest request, StoredResponse stored, long ageMs, long began)
    {
        var stale = !stored.Freshness.IsFresh(ageMs);
        events.Hit(request.Policy.Events, request.Tenant, request.Id);
        metrics.Hit(request.Policy.Name, stale);
        var status = new CacheStatus(Hit: true, TtlSeconds: stored.Freshness.TtlSeconds(ageMs));
        if (!await TrySendAsync(request, stored, ageMs, status))
        {
            return Attempt.WithoutPrior;
        }

        metrics.HitServed(request.Policy.Name, stale, began);
        return Attempt.Answered;
    }

    /// <returns>Whether the client has the answer. If not, it has nothing yet, and the API is asked as if this were not stored.</returns>
    private async ValueTask<bool> TrySendAsync(CacheRequest request, StoredResponse stored, long ageMs, CacheStatus status)
    {
        var response = request.Context.Response;
        try
        {
            await hits.ServeAsync(request.Context, stored, ageMs, status);
            return true;
        }
        catch (Exception exception) when (!response.HasStarted)
        {
            // Something else than a fill of ours wrote the entry: it is no reason for an error of ours. The next fill replaces it.
            ForwardResponder.Reset(response);
            CannotBeSent(logger, request.Policy.Name, exception);
            return false;
        }
    }

    private static CacheStatusForward MissReason(in LookUpResult result) =>
        result.Vary.Length > 0 ? CacheStatusForward.VaryMiss : CacheStatusForward.UriMiss;

    private static void RefuseOnlyIfCached(HttpResponse response, CacheStatusForward reason)
    {
        response.StatusCode = StatusCodes.Status504GatewayTimeout;
        new CacheStatus(Forward: reason, Detail: CacheStatusDetails.OnlyIfCached).AppendTo(response.Headers);
    }

    [LoggerMessage(2102, LogLevel.Warning, "A stored response of policy {Policy} cannot be sent; the API is asked instead")]
    private static partial void CannotBeSent(ILogger logger, string policy, Exception exception);
}
