using System.Runtime.CompilerServices;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Filling;

/// <summary>Answers a miss or an entry that may not be served from the API: one request to it for all who wait for the same variant.</summary>
internal sealed class FillHandler(
    ResourceCache cache,
    Flights flights,
    FillLimits limits,
    HotResources hot,
    HeldBodies held,
    ClientWriter writer,
    CacheEventLog events,
    CacheMetrics metrics,
    EntryDependencies dependencies,
    TenantQuotas quotas,
    RefusalSamples refusals,
    TimeProvider time)
{
    private static readonly TimeSpan FollowLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClusterLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ClusterPoll = TimeSpan.FromMilliseconds(20);

    private readonly FillServices _services = new(cache, flights, hot, held, writer, events, metrics, dependencies, quotas, refusals, time);

    /// <param name="request">The request.</param>
    /// <param name="prior">What the look-up found; without a response when it is of no use for a validation.</param>
    /// <param name="reason">Why it is not served as it is.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public ValueTask<FillOutcome> FillAsync(CacheRequest request, in LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        var flight = flights.JoinOrLead(new FlightKey(request.Key, prior.Variant), out var leads);
        if (!leads && prior.Lease is { } unused)
        {
            // Somebody else of this process came in between. Nobody waits until the lease is given back.
            _ = cache.AbandonFillAsync(request.Key, unused, new StoreTimeoutBudget(request.StoreTimeout)).AsTask();
        }

        return leads ? LeadAsync(request, flight, prior, reason, next)
            : request.IsShadowed ? new(FillOutcome.Forward(ForwardReason.Shadow))
            : new(FollowAsync(request, flight, prior, reason, next));
    }

    /// <summary>Fetches what is stale or missing, unless somebody already does. The request has no client.</summary>
    /// <returns>Whether it came to that: false where somebody does, or where no place at the API is free.</returns>
    public async Task<bool> RefreshAsync(CacheRequest request, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        while (true)
        {
            var flight = flights.JoinOrLead(new FlightKey(request.Key, prior.Variant), out var leads);
            if (!leads)
            {
                return false;
            }

            if (!limits.TryEnter(request, flight))
            {
                flights.Land(flight);
                return false;
            }

            if ((await LeadAtOnceAsync(request, flight, prior, reason, next)).Kind != FillOutcomeKind.WithoutPrior || prior.Response is null)
            {
                return true;
            }

            prior = prior with { Response = null };
        }
    }

    private async Task<FillOutcome> FollowAsync(
        CacheRequest request, Flight flight, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        var queueing = FillLimits.Concern(request) ? request.Policy.Options.FillWait : TimeSpan.Zero;
        var result = await flight.WaitAsync(FollowLimit + queueing, time, request.Context.RequestAborted);
        switch (result.Kind)
        {
            case FlightResultKind.LookUpAgain:
            // It varies on what this request differs in; those who want the same variant share a flight of their own.
            case FlightResultKind.Shared when request.VariantUnder(result.Vary) != result.Variant:
                return FillOutcome.LookUpAgain;
            case FlightResultKind.Shared when MayShare(request, result.Response!):
                return FillOutcome.Share(result.Response!, new CacheStatus(Forward: reason, Collapsed: true));
            // By what this request looked up itself, before it waited: what a write has evicted since began no later than the write's end.
            case FlightResultKind.Failed when FillDecision.StandsIn(request, prior, cache.NowMs):
                return FillOutcome.Share(
                    prior.Response!,
                    new CacheStatus(
                        Forward: reason, ForwardStatus: result.ForwardStatus, Collapsed: true, Detail: CacheStatusDetails.StaleIfError));
            // Should the API fail this request, the stale entry still answers it: so it is no plain forward.
            case FlightResultKind.Forward when FillDecision.StandsIn(request, prior, cache.NowMs):
                return await LeadAsync(request, new Flight(flight.Key), prior, reason, next);
            case FlightResultKind.Refused:
                return RefusedInQueue(request, prior, reason, collapsed: true);
            case FlightResultKind.Shared:
            case FlightResultKind.Failed:
            case FlightResultKind.Forward:
                return FillOutcome.Forward(ForwardReason.LeaderFailed);
            default:
                throw new InvalidOperationException("No such result of a flight.");
        }
    }

    private bool MayShare(CacheRequest request, StoredResponse response) =>
        RequestTarget.IsSame(request.Context.Request, response.Target)
        && request.Policy.Knows(response)
        && response.Freshness.Judge(response.AgeMs(cache.NowMs), request.Directives) == FreshnessVerdict.Fresh;

    private ValueTask<FillOutcome> LeadAsync(
        CacheRequest request, Flight flight, in LookUpResult prior, CacheStatusForward reason, RequestDelegate next) =>
        FillLimits.Concern(request) && limits.Enter(request, flight).IsQueued
            ? QueueAsync(request, flight, prior, reason, next)
            : LeadAtOnceAsync(request, flight, prior, reason, next);

    private async ValueTask<FillOutcome> QueueAsync(
        CacheRequest request, Flight flight, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        if (prior.Lease is { } unused)
        {
            // Nobody waits for a fill that has not begun. The lease that is taken later shows whether somebody has filled it meanwhile.
            _ = cache.AbandonFillAsync(request.Key, unused, new StoreTimeoutBudget(request.StoreTimeout)).AsTask();
            prior = prior with { Lease = null };
        }

        switch (await limits.WaitAsync(request, flight))
        {
            case FillTurn.Entered:
                break;
            case FillTurn.TimedOut when request.Policy.Options.FillOverflow == FillOverflow.Forward:
                // It goes to the API in any case: stored and shared, its answer spares the API further ones.
                flight.Detail = CacheStatusDetails.FillLimit;
                break;
            case FillTurn.TimedOut:
                flight.Finish(FlightResult.Refused);
                flights.Land(flight);
                return RefusedInQueue(request, prior, reason, collapsed: false);
            case FillTurn.Abandoned:
                flights.Land(flight);
                return FillOutcome.Answered;
        }

        return await LeadAtOnceAsync(request, flight, prior, reason, next);
    }

    private FillOutcome RefusedInQueue(CacheRequest request, in LookUpResult prior, CacheStatusForward reason, bool collapsed) =>
        FillDecision.StandsIn(request, prior, cache.NowMs)
            ? FillOutcome.Share(prior.Response!, new CacheStatus(Forward: reason, Collapsed: collapsed, Detail: CacheStatusDetails.StaleIfError))
            : FillOutcome.Refuse(new CacheStatus(Forward: reason, Collapsed: collapsed, Detail: CacheStatusDetails.FillLimit));

    // A miss that has its lease from the look-up waits in the fill alone: each layer of its own costs 150 to 380 bytes.
    private ValueTask<FillOutcome> LeadAtOnceAsync(
        CacheRequest request, Flight flight, in LookUpResult prior, CacheStatusForward reason, RequestDelegate next) =>
        prior.Lease is { } lease
            ? FillAsync(request, flight, prior, reason, lease, next)
            : BeginAndFillAsync(request, flight, prior, reason, next);

    private ValueTask<FillOutcome> FillAsync(
        CacheRequest request, Flight flight, in LookUpResult prior, CacheStatusForward reason, FillLease lease, RequestDelegate next)
    {
        metrics.Filling(request.Policy.Name, reason, request.IsBackground, request.Tenant);
        return new Fill(_services, request, prior, reason, flight, lease).RunAsync(next);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FillOutcome> BeginAndFillAsync(
        CacheRequest request, Flight flight, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        try
        {
            var lease = cache.NewLease(request.Key, prior, request.Policy.Options.Coalesce == CoalesceScope.Cluster);
            var begun = await cache.BeginFillAsync(request.Key, lease, request.Budget);
            if (begun == BeginFillOutcome.UnderWay && MayWait(request))
            {
                (begun, lease) = await WaitForOtherAsync(request, lease);
            }

            metrics.FillRefused(request.Policy.Name, begun);
            if (begun == BeginFillOutcome.Granted)
            {
                return await FillAsync(request, flight, prior, reason, lease, next);
            }

            flight.Finish(begun == BeginFillOutcome.Changed ? FlightResult.LookUpAgain : FlightResult.Forward);
            return Refused(begun);
        }
        finally
        {
            flights.Land(flight);
        }
    }

    private static FillOutcome Refused(BeginFillOutcome outcome) => outcome switch
    {
        BeginFillOutcome.Changed => FillOutcome.LookUpAgain,
        BeginFillOutcome.Fenced => FillOutcome.Forward(ForwardReason.Fenced),
        BeginFillOutcome.UnderWay => FillOutcome.Forward(ForwardReason.FillUnderWay),
        BeginFillOutcome.Unavailable => FillOutcome.Forward(ForwardReason.StoreUnavailable),
        BeginFillOutcome.Granted => throw new InvalidOperationException("It was not refused."),
    };

    // A refresh waits for nobody: the other fill brings what it would have brought.
    private static bool MayWait(CacheRequest request) => !request.IsBackground && !request.Context.RequestAborted.IsCancellationRequested;

    // Another replica's fill is waited for by asking again: its entry answers Changed, its failure frees the lease. One that takes too
    // long may be dead, so that this replica fills beside it, and whoever comes next need not wait as well.
    private async ValueTask<(BeginFillOutcome Outcome, FillLease Lease)> WaitForOtherAsync(CacheRequest request, FillLease lease)
    {
        var started = time.GetTimestamp();
        var outcome = BeginFillOutcome.UnderWay;
        while (outcome == BeginFillOutcome.UnderWay && MayWait(request))
        {
            if (time.GetElapsedTime(started) >= ClusterLimit)
            {
                lease = lease with { Exclusive = false };
            }

            await Task.Delay(ClusterPoll, time, CancellationToken.None);
            // To wait for a fill is not to wait for the store: that time is still needed to store what the fill brings.
            outcome = await cache.BeginFillAsync(request.Key, lease, new StoreTimeoutBudget(request.StoreTimeout));
        }

        return (outcome, lease);
    }
}

/// <summary>What every fill needs.</summary>
internal sealed record FillServices(
    ResourceCache Cache, Flights Flights, HotResources Hot, HeldBodies Held, ClientWriter Writer, CacheEventLog Events, CacheMetrics Metrics,
    EntryDependencies Dependencies, TenantQuotas Quotas, RefusalSamples Refusals, TimeProvider Time);
