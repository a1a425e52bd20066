using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Filling;

/// <summary>Answers a miss or a stale entry from the API, and stores what may be stored: one upstream request for all who wait.</summary>
internal sealed class FillHandler(
    ICacheStore store,
    LocalCopies copies,
    FillCoalescer coalescer,
    PendingEvictions pending,
    HitResponder hits,
    ForwardResponder forwards,
    CacheEventLog events,
    CacheMetrics metrics,
    TimeProvider time)
{
    // Longer than an API takes that is worth caching; a fill that takes longer is not stored.
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FollowLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClusterLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ClusterPoll = TimeSpan.FromMilliseconds(20);

    /// <param name="request">The request.</param>
    /// <param name="variant">The variant that was looked up.</param>
    /// <param name="stale">What was found there.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public async Task<FillOutcome> FillAsync(CacheRequest request, VariantKey variant, StaleEntry stale, RequestDelegate next)
    {
        var flight = coalescer.JoinOrLead(new FlightKey(request.Key, variant), out var leads);
        if (!leads && request.IsShadowed)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Shadow, next);
            return FillOutcome.Answered;
        }

        if (!leads)
        {
            return await FollowAsync(request, flight, stale, next);
        }

        try
        {
            return await LeadAsync(request, flight, stale, next);
        }
        finally
        {
            coalescer.Land(flight);
        }
    }

    /// <summary>Fetches what is stale, unless somebody already does. The request has no client.</summary>
    public async Task RefreshAsync(CacheRequest request, VariantKey variant, StaleEntry stale, RequestDelegate next)
    {
        var flight = coalescer.JoinOrLead(new FlightKey(request.Key, variant), out var leads);
        if (!leads)
        {
            return;
        }

        try
        {
            if (await LeadAsync(request, flight, stale, next) == FillOutcome.FillWithoutIt)
            {
                await LeadAsync(request, flight, stale with { Response = null }, next);
            }
        }
        finally
        {
            coalescer.Land(flight);
        }
    }

    private async Task<FillOutcome> FollowAsync(CacheRequest request, FillFlight flight, StaleEntry stale, RequestDelegate next)
    {
        var result = await flight.WaitAsync(FollowLimit, time, request.Context.RequestAborted);
        switch (result.Kind)
        {
            case FlightResultKind.LookUpAgain:
            // It varies on what this request differs in; those who want the same variant share a flight of their own.
            case FlightResultKind.Shared when request.VariantUnder(result.Vary) != result.Variant:
                return FillOutcome.LookUpAgain;
            case FlightResultKind.Shared when MayShare(request, result, out var ageMs):
                events.Hit(request.Policy.Events, request.Tenant, request.Id);
                metrics.Collapsed(request.Policy.Name);
                var status = new CacheStatus(Forward: stale.Reason, Collapsed: true);
                await hits.ServeAsync(request.Context, result.Response!, ageMs, status);
                metrics.CollapsedServed(request.Policy.Name, request.Began);
                return FillOutcome.Answered;
            case FlightResultKind.Shared:
            case FlightResultKind.Forward:
                await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.LeaderFailed, next);
                return FillOutcome.Answered;
            default:
                throw new InvalidOperationException("No such result of a flight.");
        }
    }

    private bool MayShare(CacheRequest request, in FlightResult result, out long ageMs)
    {
        ageMs = result.Response!.AgeMs(store.NowMs);
        return RequestTarget.IsSame(request.Context.Request, result.Response.Target)
            && result.Response.Freshness.Judge(ageMs, request.Directives) == FreshnessVerdict.Fresh
            && !pending.MustForward(request.Key);
    }

    private async Task<FillOutcome> LeadAsync(CacheRequest request, FillFlight flight, StaleEntry stale, RequestDelegate next)
    {
        var lease = new FillLease(
            store.NewFillToken(request.Key),
            flight.Key.Variant,
            stale.Stamp,
            LeaseDuration,
            request.Policy.Options.Coalesce == CoalesceScope.Cluster);
        var begun = await BeginAsync(request, lease);
        metrics.FillRefused(request.Policy.Name, begun);
        switch (begun)
        {
            case BeginFillOutcome.Granted:
                metrics.Filling(request.Policy.Name, stale.Reason, request.IsBackground);
                var outcome = await ForwardAndStoreAsync(request, flight, lease, stale, next);
                if (outcome == FillOutcome.Answered)
                {
                    metrics.Filled(request.Policy.Name, request.Began);
                }

                return outcome;
            case BeginFillOutcome.Changed:
                copies.Drop(request.Key, flight.Key.Variant);
                flight.Finish(FlightResult.LookUpAgain);
                return FillOutcome.LookUpAgain;
            case BeginFillOutcome.Fenced:
                return await ForwardAsync(request, flight, ForwardReason.Fenced, next);
            case BeginFillOutcome.UnderWay:
                return await ForwardAsync(request, flight, ForwardReason.FillUnderWay, next);
            case BeginFillOutcome.Unavailable:
                return await ForwardAsync(request, flight, ForwardReason.StoreUnavailable, next);
            default:
                throw new InvalidOperationException("No such outcome of a lease.");
        }
    }

    // Another replica's fill is waited for by asking again: its entry answers Changed, its failure frees the lease. One that takes too
    // long may be dead, so that this replica fills beside it: whoever comes next shall not have to wait as well.
    private async ValueTask<BeginFillOutcome> BeginAsync(CacheRequest request, FillLease lease)
    {
        var started = time.GetTimestamp();
        var patience = request.Patience;
        while (true)
        {
            var outcome = await store.BeginFillAsync(request.Key, lease, patience);
            // A refresh waits for nobody: the other fill brings what it would have brought.
            if (outcome != BeginFillOutcome.UnderWay || request.IsBackground || request.Context.RequestAborted.IsCancellationRequested)
            {
                return outcome;
            }

            if (time.GetElapsedTime(started) >= ClusterLimit)
            {
                lease = lease with { Exclusive = false };
            }

            await Task.Delay(ClusterPoll, time, CancellationToken.None);
            // To wait for a fill is not to wait for the store: that patience is still needed to store what the fill brings.
            patience = new StorePatience(request.StoreTimeout);
        }
    }

    private async Task<FillOutcome> ForwardAsync(CacheRequest request, FillFlight flight, ForwardReason reason, RequestDelegate next)
    {
        flight.Finish(FlightResult.Forward);
        if (!request.IsBackground)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, reason, next);
        }

        return FillOutcome.Answered;
    }

    private async Task<FillOutcome> ForwardAndStoreAsync(
        CacheRequest request, FillFlight flight, FillLease lease, StaleEntry stale, RequestDelegate next)
    {
        var completion = new FillCompletion(request, flight, lease, store, copies, pending, events, metrics);
        try
        {
            var tee = await ForwardThroughTeeAsync(request, flight, stale, completion, next);
            return await ConcludeAsync(request, stale, tee, completion);
        }
        finally
        {
            await completion.AbandonAsync();
        }
    }

    private async Task<FillTee> ForwardThroughTeeAsync(
        CacheRequest request, FillFlight flight, StaleEntry stale, FillCompletion completion, RequestDelegate next)
    {
        var context = request.Context;
        var framing = new UpstreamFraming();
        context.Features.Set(framing);
        var conditions = ClientConditions.Replace(context.Request.Headers, stale.Validators);
        var tee = new FillTee(request, stale, completion, conditions, framing, time);
        var clientGone = context.RequestAborted;
        // The client's going away must not cut off those who wait for the same answer.
        context.RequestAborted = flight.Abandoned;
        await using var registration = clientGone.UnsafeRegister(static state => ((FillFlight)state!).LeaderLeft(), flight);
        tee.Install();
        try
        {
            await next(context);
            await tee.FinishAsync();
        }
        finally
        {
            tee.Remove();
            context.RequestAborted = clientGone;
            conditions.Restore();
        }

        return tee;
    }

    private async ValueTask<FillOutcome> ConcludeAsync(CacheRequest request, StaleEntry stale, FillTee tee, FillCompletion completion)
    {
        var context = request.Context;
        switch (tee.Plan)
        {
            case FillPlan.Freshen:
                var freshened = tee.Freshened is { } storable
                    ? await completion.StoreAsync(storable, stale.Response!.Body)
                    : stale.Response!;
                Reset(context.Response);
                var validated = new CacheStatus(Forward: stale.Reason, ForwardStatus: tee.ForwardStatus, Stored: completion.IsStored);
                await hits.ServeAsync(context, freshened, freshened.AgeMs(store.NowMs), validated);
                return FillOutcome.Answered;
            case FillPlan.StaleIfError:
                Reset(context.Response);
                var ageMs = stale.Response!.AgeMs(store.NowMs);
                var failed = new CacheStatus(Forward: stale.Reason, ForwardStatus: tee.ForwardStatus, Detail: CacheStatusDetails.StaleIfError);
                await hits.ServeAsync(context, stale.Response, ageMs, failed);
                return FillOutcome.Answered;
            case FillPlan.AskAgain:
                Reset(context.Response);
                return FillOutcome.FillWithoutIt;
            case FillPlan.Undecided:
            case FillPlan.Store:
            case FillPlan.PassOn:
                return FillOutcome.Answered;
            default:
                throw new InvalidOperationException("No such plan.");
        }
    }

    // What the forwarder has set so far belongs to an answer that the client does not get.
    private static void Reset(HttpResponse response)
    {
        var cookies = response.Headers.SetCookie;
        response.Headers.Clear();
        // A cookie is meant for this client, whatever becomes of the rest.
        response.Headers.SetCookie = cookies;
        response.StatusCode = StatusCodes.Status200OK;
    }
}
