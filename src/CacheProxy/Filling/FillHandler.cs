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
    HeldBodies held,
    ClientWriter writer,
    CacheEventLog events,
    CacheMetrics metrics,
    TimeProvider time)
{
    private static readonly TimeSpan FollowLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClusterLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ClusterPoll = TimeSpan.FromMilliseconds(20);

    /// <param name="request">The request.</param>
    /// <param name="prior">What the look-up found; without a response when it is of no use for a validation.</param>
    /// <param name="reason">Why it is not served as it is.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public async Task<FillOutcome> FillAsync(CacheRequest request, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        var flight = flights.JoinOrLead(new FlightKey(request.Key, prior.Variant), out var leads);
        if (!leads)
        {
            return request.IsShadowed
                ? FillOutcome.Forward(ForwardReason.Shadow)
                : await FollowAsync(request, flight, prior, reason, next);
        }

        return await LeadAndLandAsync(request, flight, prior, reason, next);
    }

    /// <summary>Fetches what is stale, unless somebody already does. The request has no client.</summary>
    public async Task RefreshAsync(CacheRequest request, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        var flight = flights.JoinOrLead(new FlightKey(request.Key, prior.Variant), out var leads);
        if (!leads)
        {
            return;
        }

        try
        {
            var outcome = await LeadAsync(request, flight, prior, reason, next);
            if (outcome.Kind == FillOutcomeKind.WithoutPrior)
            {
                await LeadAsync(request, flight, prior with { Response = null }, reason, next);
            }
        }
        finally
        {
            flights.Land(flight);
        }
    }

    private async Task<FillOutcome> LeadAndLandAsync(
        CacheRequest request, Flight flight, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        try
        {
            return await LeadAsync(request, flight, prior, reason, next);
        }
        finally
        {
            flights.Land(flight);
        }
    }

    private async Task<FillOutcome> FollowAsync(
        CacheRequest request, Flight flight, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        var result = await flight.WaitAsync(FollowLimit, time, request.Context.RequestAborted);
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
                return await LeadAndLandAsync(request, new Flight(flight.Key), prior, reason, next);
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
        && response.Freshness.Judge(response.AgeMs(cache.NowMs), request.Directives) == FreshnessVerdict.Fresh;

    private async Task<FillOutcome> LeadAsync(
        CacheRequest request, Flight flight, LookUpResult prior, CacheStatusForward reason, RequestDelegate next)
    {
        var lease = cache.NewLease(request.Key, prior, request.Policy.Options.Coalesce == CoalesceScope.Cluster);
        var begun = await BeginAsync(request, lease);
        metrics.FillRefused(request.Policy.Name, begun);
        switch (begun)
        {
            case BeginFillOutcome.Granted:
                metrics.Filling(request.Policy.Name, reason, request.IsBackground);
                return await new Fill(cache, held, writer, events, metrics, time, request, prior, reason, flight, lease).RunAsync(next);
            case BeginFillOutcome.Changed:
                flight.Finish(FlightResult.LookUpAgain);
                return FillOutcome.LookUpAgain;
            case BeginFillOutcome.Fenced:
                flight.Finish(FlightResult.Forward);
                return FillOutcome.Forward(ForwardReason.Fenced);
            case BeginFillOutcome.UnderWay:
                flight.Finish(FlightResult.Forward);
                return FillOutcome.Forward(ForwardReason.FillUnderWay);
            case BeginFillOutcome.Unavailable:
                flight.Finish(FlightResult.Forward);
                return FillOutcome.Forward(ForwardReason.StoreUnavailable);
            default:
                throw new InvalidOperationException("No such outcome of a lease.");
        }
    }

    // Another replica's fill is waited for by asking again: its entry answers Changed, its failure frees the lease. One that takes too
    // long may be dead, so that this replica fills beside it, and whoever comes next need not wait as well.
    private async ValueTask<BeginFillOutcome> BeginAsync(CacheRequest request, FillLease lease)
    {
        var started = time.GetTimestamp();
        var budget = request.Budget;
        while (true)
        {
            var outcome = await cache.BeginFillAsync(request.Key, lease, budget);
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
            // To wait for a fill is not to wait for the store: that time is still needed to store what the fill brings.
            budget = new StoreTimeoutBudget(request.StoreTimeout);
        }
    }
}
