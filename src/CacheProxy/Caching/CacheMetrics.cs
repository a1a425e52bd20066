using System.Diagnostics.Metrics;
using CacheProxy.HttpRules;
using CacheProxy.Observability;

namespace CacheProxy.Caching;

/// <summary>What happens to requests on cached routes. Tags come from closed sets: policies, outcomes, reasons.</summary>
internal sealed class CacheMetrics
{
    private readonly Counter<long> _requests;
    private readonly Counter<long> _shadow;
    private readonly Counter<long> _fills;

    public CacheMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Telemetry.MeterName);
        _requests = meter.CreateCounter<long>(
            "cacheproxy.requests", "{request}", "Safe requests on cached routes, by policy, outcome (hit, stale, collapsed, fill, forward) and detail");
        _shadow = meter.CreateCounter<long>(
            "cacheproxy.shadow.hits", "{request}", "Requests in mode Shadow that would have been hits, by policy and whether the stored response was equal");
        _fills = meter.CreateCounter<long>(
            "cacheproxy.fills", "{fill}", "Fills by policy and result (stored, revoked, unavailable, or why the response was not stored)");
    }

    public void Hit(string policy, bool stale) => Request(policy, stale ? "stale" : "hit", "");

    public void Collapsed(string policy) => Request(policy, "collapsed", "");

    public void Filling(string policy, CacheStatusForward reason) =>
        Request(policy, "fill", reason == CacheStatusForward.Stale ? "stale" : "miss");

    public void Forwarded(string policy, ForwardReason reason) => Request(policy, "forward", ForwardReasonWords.Word(reason));

    public void Fill(string policy, string result)
    {
        if (_fills.Enabled)
        {
            _fills.Add(1, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("result", result));
        }
    }

    public void ShadowHit(string policy, bool equal)
    {
        if (_shadow.Enabled)
        {
            _shadow.Add(1, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("equal", equal ? "true" : "false"));
        }
    }

    private void Request(string policy, string outcome, string detail)
    {
        if (_requests.Enabled)
        {
            _requests.Add(
                1,
                new KeyValuePair<string, object?>("policy", policy),
                new KeyValuePair<string, object?>("outcome", outcome),
                new KeyValuePair<string, object?>("detail", detail));
        }
    }
}
