using System.Diagnostics.Metrics;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Writing;

/// <summary>What becomes of writes, and whether the store can take their evictions.</summary>
internal sealed class WriteMetrics
{
    private const string Refusal = "refused";
    private const string Unavailable = "unavailable";

    private readonly Counter<long> _writes;
    private readonly Counter<long> _evictions;
    private readonly Counter<long> _unfenced;
    private readonly Counter<long> _unresolved;

    public WriteMetrics(IMeterFactory meters, ICacheStore store, PendingEvictions pending)
    {
        var meter = meters.Create(CacheProxyMeter.Name);
        _writes = meter.CreateCounter<long>(
            "cacheproxy.writes", "{write}", "Resources that writes affect, by policy, result (changed, unchanged, unknown, refused) and whether the store has the end of the write (done, pending, unavailable)");
        _evictions = meter.CreateCounter<long>(
            "cacheproxy.evictions", "{eviction}", "Evictions by writes, by policy and whether the store has them (done) or they are retried (pending)");
        _unfenced = meter.CreateCounter<long>(
            "cacheproxy.writes.unfenced", "{write}", "Resources whose writes went to the API without a fence, by policy: too many from the same client address and tenant were refused or abandoned");
        _unresolved = meter.CreateCounter<long>(
            "cacheproxy.evictions.unresolved", "{write}", "Writes that may have changed resources of the policy that nothing in them names, by policy and reason");
        meter.CreateObservableGauge(
            "cacheproxy.evictions.pending", () => pending.Count, "{eviction}", "Evictions that have not reached the store yet; requests for their keys are forwarded");
        meter.CreateObservableGauge(
            "cacheproxy.store.available", () => store.IsAvailable ? 1 : 0, "{state}", "1 while the store answers, 0 while its breaker is open");
    }

    /// <summary>Makes a policy's series exist, so that their first step is seen by those who compute rates.</summary>
    public void Begin(string policy)
    {
        foreach (var outcome in Enum.GetValues<StoreOutcome>())
        {
            foreach (var result in Enum.GetValues<WriteResult>())
            {
                Write(policy, ToToken(result), ToToken(outcome), count: 0);
            }

            Evicted(policy, outcome, count: 0);
        }

        Write(policy, Refusal, Unavailable, count: 0);
        Unfenced(policy, count: 0);
    }

    /// <summary>The same for a policy whose resources are found by pointers.</summary>
    public void BeginPointed(string policy)
    {
        foreach (var reason in Enum.GetValues<UnresolvedReason>())
        {
            Unresolved(policy, reason, count: 0);
        }
    }

    public void Ended(string policy, WriteResult result, StoreOutcome outcome)
    {
        Write(policy, ToToken(result), ToToken(outcome), count: 1);
        if (result != WriteResult.Unchanged)
        {
            Evicted(policy, outcome);
        }
    }

    /// <summary>A write without a fence, from where too many came to nothing.</summary>
    public void Unfenced(string policy, int count = 1)
    {
        if (_unfenced.Enabled)
        {
            _unfenced.Add(count, new KeyValuePair<string, object?>("policy", policy));
        }
    }

    /// <summary>A write that may have changed what it does not name.</summary>
    public void Unresolved(string policy, UnresolvedReason reason, int count = 1)
    {
        if (_unresolved.Enabled)
        {
            _unresolved.Add(
                count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("reason", ToToken(reason)));
        }
    }

    /// <summary>A strict policy's write that the API never saw.</summary>
    public void Refused(string policy) => Write(policy, Refusal, Unavailable, count: 1);

    /// <summary>An eviction of what no fence stood for; those of writes are counted with <see cref="Ended"/>.</summary>
    public void Evicted(string policy, StoreOutcome outcome, int count = 1)
    {
        if (_evictions.Enabled)
        {
            _evictions.Add(
                count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("store", ToToken(outcome)));
        }
    }

    private void Write(string policy, string result, string store, int count)
    {
        if (Spans.AreOn && count > 0)
        {
            Spans.Decided(policy, Spans.Write, result);
        }

        if (_writes.Enabled)
        {
            _writes.Add(
                count,
                new KeyValuePair<string, object?>("policy", policy),
                new KeyValuePair<string, object?>("result", result),
                new KeyValuePair<string, object?>("store", store));
        }
    }

    public static string ToToken(UnresolvedReason reason) => reason switch
    {
        UnresolvedReason.Absent => "absent",
        UnresolvedReason.Malformed => "malformed",
        UnresolvedReason.NotJson => "not-json",
        UnresolvedReason.TooLarge => "too-large",
        UnresolvedReason.TooMany => "too-many",
        UnresolvedReason.MemoryFull => "memory-full",
        UnresolvedReason.Unanswered => "unanswered",
    };

    private static string ToToken(StoreOutcome outcome) => outcome == StoreOutcome.Done ? "done" : "pending";

    private static string ToToken(WriteResult result) => result switch
    {
        WriteResult.Changed => "changed",
        WriteResult.Unchanged => "unchanged",
        WriteResult.Unknown => "unknown",
    };
}
