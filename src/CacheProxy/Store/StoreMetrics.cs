using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Store;

/// <summary>How long a remote store takes for each step.</summary>
internal sealed class StoreMetrics
{
    private readonly Histogram<double> _durations;

    /// <param name="meter">The program's meter.</param>
    /// <param name="buckets">Those of all its durations.</param>
    public StoreMetrics(Meter meter, InstrumentAdvice<double> buckets) => _durations = meter.CreateHistogram(
        "cacheproxy.store.duration",
        "s",
        "Time that one step waited for Redis, by step and whether Redis answered; steps while the breaker is open are not counted",
        tags: null,
        buckets);

    public void Took(StoreStep step, TimeSpan waited, bool answered)
    {
        if (Spans.AreOn)
        {
            Spans.StepTook(ToToken(step), waited, answered);
        }

        if (_durations.Enabled)
        {
            _durations.Record(
                waited.TotalSeconds,
                new KeyValuePair<string, object?>("step", ToToken(step)),
                new KeyValuePair<string, object?>("outcome", answered ? "answered" : "failed"));
        }
    }

    private static string ToToken(StoreStep step) => step switch
    {
        StoreStep.LookUp => "look-up",
        StoreStep.BeginFill => "begin-fill",
        StoreStep.CompleteFill => "complete-fill",
        StoreStep.AbandonFill => "abandon-fill",
        StoreStep.BeginWrite => "begin-write",
        StoreStep.EndWrite => "end-write",
        StoreStep.Register => "register",
        StoreStep.BeginWriteOnIndex => "begin-write-on-index",
        StoreStep.RenewWriteOnIndex => "renew-write-on-index",
        StoreStep.EndWriteOnIndex => "end-write-on-index",
        StoreStep.LookUpTag => "look-up-tag",
        StoreStep.OpenTag => "open-tag",
        StoreStep.Pace => "pace",
        StoreStep.CountUse => "count-use",
        StoreStep.MarkStale => "mark-stale",
        StoreStep.Hold => "hold",
        StoreStep.Release => "release",
    };
}

/// <summary>A step of the protocol, for those who count.</summary>
internal enum StoreStep
{
    LookUp,
    BeginFill,
    CompleteFill,
    AbandonFill,
    BeginWrite,
    EndWrite,
    Register,
    BeginWriteOnIndex,
    RenewWriteOnIndex,
    EndWriteOnIndex,
    LookUpTag,
    OpenTag,

    /// <summary>Beside the protocol: <see cref="IWritePaces"/>.</summary>
    Pace,

    /// <summary>What a tenant with a quota has; nobody waits for it.</summary>
    CountUse,

    /// <summary>A soft purge.</summary>
    MarkStale,

    /// <summary>A look-up that lets this replica keep a copy.</summary>
    Hold,

    Release,
}
