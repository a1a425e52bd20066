using System.Diagnostics.Metrics;
using CacheProxy.Http;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Filling;

/// <summary>What happens to requests on cached routes. Tags come from closed sets: policies, outcomes, reasons.</summary>
internal sealed class CacheMetrics
{
    private readonly TimeProvider _time;
    private readonly TenantTable? _tenants;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _shadow;
    private readonly Counter<long> _fills;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _durations;

    public CacheMetrics(IMeterFactory meters, Flights flights, HeldBodies held, TimeProvider time, TenantTable? tenants = null)
    {
        _time = time;
        _tenants = tenants is { Counts: true } ? tenants : null;
        var meter = meters.Create(CacheProxyMeter.Name);
        _requests = meter.CreateCounter<long>(
            "cacheproxy.requests", "{request}", "Safe requests on cached routes, by policy, outcome (hit, stale, collapsed, fill, forward) and detail");
        _shadow = meter.CreateCounter<long>(
            "cacheproxy.shadow.hits", "{request}", "Requests in mode Shadow that would have been hits, by policy and whether the stored response equals the one of the API");
        _fills = meter.CreateCounter<long>(
            "cacheproxy.fills", "{fill}", "Fills that have ended, by policy and result (stored, revoked, unavailable, or why the response was not stored)");
        _refused = meter.CreateCounter<long>(
            "cacheproxy.fills.refused", "{fill}", "Fills that the store refused to begin, by policy and reason");
        meter.CreateObservableGauge(
            "cacheproxy.memory.held", () => held.Bytes, "By", "Bodies that requests under way keep in memory");
        meter.CreateObservableGauge(
            "cacheproxy.fills.followers", () => flights.Waiting, "{request}", "Requests that wait for another request's fill");
        _durations = meter.CreateHistogram(
            "cacheproxy.request.duration",
            "s",
            "Time until a safe request on a cached route was answered, by policy and outcome",
            tags: null,
            DurationBuckets.Advice);
    }

    /// <summary>
    /// Makes a policy's series exist, so that their first step is seen by those who compute rates. Not those with a reason, such as why a
    /// request is forwarded: there are many, and each appears when there is something to tell.
    /// </summary>
    public void Begin(string policy)
    {
        foreach (var outcome in (string[])["hit", "stale", "collapsed"])
        {
            Request(policy, outcome, "", count: 0);
        }

        Request(policy, "hit", CacheStatus.Copy, count: 0);
        foreach (var detail in (string[])["miss", "stale", "refresh"])
        {
            Request(policy, "fill", detail, count: 0);
        }

        foreach (var result in (string[])["stored", "revoked", "unavailable"])
        {
            Fill(policy, result, count: 0);
        }

        foreach (var outcome in Enum.GetValues<BeginFillOutcome>())
        {
            FillRefused(policy, outcome, count: 0);
        }

        ShadowHit(policy, equal: true, count: 0);
        ShadowHit(policy, equal: false, count: 0);
    }

    /// <summary>The time at which something begins whose duration is told later; 0 when nobody listens.</summary>
    public long Begin() => _durations.Enabled ? _time.GetTimestamp() : 0;

    /// <summary>Whether it is of interest whose requests they are.</summary>
    public bool CountsTenants => _tenants is not null;

    public void Hit(string policy, bool stale, string? tenant = null, bool isCopy = false)
    {
        Request(policy, Outcome(stale), isCopy && !stale ? CacheStatus.Copy : "");
        OfTenant(tenant, stale ? TenantOutcome.Stale : TenantOutcome.Hit);
    }

    public void HitServed(string policy, bool stale, long began) => Took(policy, Outcome(stale), began);

    public void Collapsed(string policy, string? tenant = null)
    {
        Request(policy, "collapsed", "");
        OfTenant(tenant, TenantOutcome.Collapsed);
    }

    public void CollapsedServed(string policy, long began) => Took(policy, "collapsed", began);

    /// <param name="policy">Its name.</param>
    /// <param name="reason">Why the API is asked.</param>
    /// <param name="inBackground">The client that caused it has been counted, and answered, as a stale hit.</param>
    /// <param name="tenant">Whose request it is, where that is known.</param>
    public void Filling(string policy, CacheStatusForward reason, bool inBackground, string? tenant = null)
    {
        Request(policy, "fill", inBackground ? "refresh" : reason == CacheStatusForward.Stale ? "stale" : "miss");
        if (!inBackground)
        {
            OfTenant(tenant, TenantOutcome.Fill);
        }
    }

    public void Filled(string policy, long began) => Took(policy, "fill", began);

    public void Forwarded(string policy, ForwardReason reason, string? tenant = null)
    {
        Request(policy, "forward", ForwardReasons.ToToken(reason));
        OfTenant(tenant, TenantOutcome.Forward);
    }

    public void ForwardEnded(string policy, long began) => Took(policy, "forward", began);

    /// <summary>Only for outcomes that refuse.</summary>
    public void FillRefused(string policy, BeginFillOutcome outcome, int count = 1)
    {
        if (_refused.Enabled && outcome != BeginFillOutcome.Granted)
        {
            _refused.Add(count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("reason", ToToken(outcome)));
        }
    }

    /// <param name="policy">Its name.</param>
    /// <param name="result">What came of the fill, as a stable word.</param>
    /// <param name="count">0 only makes the series exist.</param>
    public void Fill(string policy, string result, int count = 1)
    {
        if (_fills.Enabled)
        {
            _fills.Add(count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("result", result));
        }
    }

    public void ShadowHit(string policy, bool equal, int count = 1)
    {
        if (_shadow.Enabled)
        {
            _shadow.Add(count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("equal", equal ? "true" : "false"));
        }
    }

    public static string ToToken(CompleteFillOutcome outcome) => outcome switch
    {
        CompleteFillOutcome.Stored => "stored",
        CompleteFillOutcome.Revoked => "revoked",
        CompleteFillOutcome.Unavailable => "unavailable",
    };

    private static string Outcome(bool stale) => stale ? "stale" : "hit";

    private static string ToToken(BeginFillOutcome outcome) => outcome switch
    {
        BeginFillOutcome.Granted => "",
        BeginFillOutcome.Fenced => "write-under-way",
        BeginFillOutcome.Changed => "changed",
        BeginFillOutcome.UnderWay => "fill-under-way",
        BeginFillOutcome.Unavailable => "store-unavailable",
    };

    private void Request(string policy, string outcome, string detail, int count = 1)
    {
        if (Spans.AreOn && count > 0)
        {
            Spans.Decided(policy, outcome, detail);
        }

        if (_requests.Enabled)
        {
            _requests.Add(
                count,
                new KeyValuePair<string, object?>("policy", policy),
                new KeyValuePair<string, object?>("outcome", outcome),
                new KeyValuePair<string, object?>("detail", detail));
        }
    }

    private void OfTenant(string? tenant, TenantOutcome outcome)
    {
        if (_tenants is not null && tenant is not null)
        {
            _tenants.Count(tenant, outcome);
        }
    }

    // A request that began while nobody listened has no duration.
    private void Took(string policy, string outcome, long began)
    {
        if (began != 0 && _durations.Enabled)
        {
            _durations.Record(
                _time.GetElapsedTime(began).TotalSeconds,
                new KeyValuePair<string, object?>("policy", policy),
                new KeyValuePair<string, object?>("outcome", outcome));
        }
    }
}
