using System.Diagnostics.Metrics;
using CacheProxy.Observability;
using CacheProxy.Stores;

namespace CacheProxy.Eviction;

/// <summary>What becomes of writes, and whether the store can take their evictions.</summary>
internal sealed class EvictionMetrics
{
    private readonly Counter<long> _writes;

    public EvictionMetrics(IMeterFactory meters, ICacheStore store, PendingEvictions pending)
    {
        var meter = meters.Create(Telemetry.MeterName);
        _writes = meter.CreateCounter<long>(
            "cacheproxy.writes", "{write}", "Ended writes by policy, result (changed, unchanged, unknown) and whether the store has it (done, pending)");
        meter.CreateObservableGauge(
            "cacheproxy.evictions.pending", () => pending.Count, "{eviction}", "Evictions that the store does not have yet; their keys are forwarded");
        meter.CreateObservableGauge(
            "cacheproxy.store.available", () => store.IsAvailable ? 1 : 0, "{state}", "1 while the store answers, 0 while its breaker is open");
    }

    public void Ended(string policy, WriteResult result, StoreOutcome outcome)
    {
        if (_writes.Enabled)
        {
            _writes.Add(
                1,
                new KeyValuePair<string, object?>("policy", policy),
                new KeyValuePair<string, object?>("result", Word(result)),
                new KeyValuePair<string, object?>("store", outcome == StoreOutcome.Done ? "done" : "pending"));
        }
    }

    private static string Word(WriteResult result) => result switch
    {
        WriteResult.Changed => "changed",
        WriteResult.Unchanged => "unchanged",
        WriteResult.Unknown => "unknown",
    };
}
