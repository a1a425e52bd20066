using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Store;

/// <summary>How often and how long evictions wait for replicas that hold what they evict. Those that need not wait are not counted.</summary>
internal sealed partial class EvictionWaits
{
    private static readonly TimeSpan BetweenReports = TimeSpan.FromMinutes(1);

    private readonly Counter<long> _waits;
    private readonly Histogram<double> _durations;
    private readonly TimeProvider _time;
    private readonly ILogger<EvictionWaits> _logger;
    private long _reported;

    public EvictionWaits(IMeterFactory meters, TimeProvider time, ILogger<EvictionWaits> logger)
    {
        (_time, _logger) = (time, logger);
        var meter = meters.Create(CacheProxyMeter.Name);
        _waits = meter.CreateCounter<long>(
            "cacheproxy.evictions.waits", "{eviction}", "Answers to writes, purges, erasures and outside writes that waited for replicas with copies, by how the wait ended (acknowledged, lapsed, grace, left)");
        _durations = meter.CreateHistogram(
            "cacheproxy.evictions.wait", "s", "How long they waited, by how the wait ended", tags: null, DurationBuckets.Advice);
    }

    /// <summary>Makes the series exist.</summary>
    public void Begin()
    {
        foreach (var end in Enum.GetValues<WaitEnd>())
        {
            Count(end, 0);
        }
    }

    public void Ended(WaitEnd end, TimeSpan waited)
    {
        Count(end, 1);
        if (_durations.Enabled)
        {
            _durations.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("ended", ToToken(end)));
        }

        if (end == WaitEnd.Lapsed && IsDue())
        {
            HoldersDidNotAnswer(_logger, (long)waited.TotalMilliseconds);
        }
    }

    private void Count(WaitEnd end, int count)
    {
        if (_waits.Enabled)
        {
            _waits.Add(count, new KeyValuePair<string, object?>("ended", ToToken(end)));
        }
    }

    private bool IsDue()
    {
        var last = Volatile.Read(ref _reported);
        var now = _time.GetTimestamp();
        return (last == 0 || _time.GetElapsedTime(last, now) >= BetweenReports) && Interlocked.CompareExchange(ref _reported, now, last) == last;
    }

    private static string ToToken(WaitEnd end) => end switch
    {
        WaitEnd.Acknowledged => "acknowledged",
        WaitEnd.Lapsed => "lapsed",
        WaitEnd.Grace => "grace",
        WaitEnd.Left => "left",
    };

    [LoggerMessage(
        3180,
        LogLevel.Warning,
        "An eviction waited {Milliseconds} ms until the copies of a replica that did not answer had run out (reported at most once a minute)")]
    private static partial void HoldersDidNotAnswer(ILogger logger, long milliseconds);
}

/// <summary>How a wait for holders ended.</summary>
internal enum WaitEnd
{
    /// <summary>All have acknowledged the invalidation.</summary>
    Acknowledged,

    /// <summary>The lease of one ran out without its acknowledgement: it is gone, or it is not reached.</summary>
    Lapsed,

    /// <summary>The store came into use a moment ago, and may not know of all.</summary>
    Grace,

    /// <summary>The client left, or the program stops.</summary>
    Left,
}
