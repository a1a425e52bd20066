using System.Diagnostics.Metrics;
using CacheProxy.Identity;
using CacheProxy.Telemetry;

namespace CacheProxy.Store;

/// <summary>
/// What holders have acknowledged lately, and who waits for it. An acknowledgement stays true for ever: numbers only grow, and a replica's name
/// is drawn anew at each start. It may be there before the writer has heard that there is a holder. Bounded: one that is forgotten is asked
/// for once more, which costs its writer some milliseconds.
/// </summary>
/// <param name="time">The clock by which writers wait.</param>
/// <param name="waits">Told of each wait.</param>
internal sealed class Acknowledgements(TimeProvider time, EvictionWaits? waits = null)
{
    // At least so many are remembered, and at most twice as many.
    private const int LeastRemembered = 8192;

    private readonly Dictionary<(ResourceKey Key, string Replica), List<AwaitedHolders>> _waiting = [];
    private Dictionary<(ResourceKey Key, string Replica), long> _latest = [];
    private Dictionary<(ResourceKey Key, string Replica), long> _before = [];

    /// <summary>Guards what is here and in all that wait: an acknowledgement comes either before somebody waits for it, or to somebody who waits.</summary>
    public Lock Lock { get; } = new();

    public TimeProvider Time => time;

    public EvictionWaits? Waits => waits;

    public void Note(ResourceKey key, string replica, long number)
    {
        var place = (key, replica);
        lock (Lock)
        {
            if (_latest.Count >= LeastRemembered && !_latest.ContainsKey(place))
            {
                (_before, _latest) = (_latest, []);
            }

            _latest[place] = Math.Max(number, NumberAt_NeedsLock(place));
            if (_waiting.TryGetValue(place, out var writers))
            {
                writers.RemoveAll(writer => writer.IsConfirmed_NeedsLock(place, number));
                ForgetIfEmpty_NeedsLock(place, writers);
            }
        }
    }

    /// <summary>Whether the holder serves nothing any more of what it held.</summary>
    public bool Have_NeedsLock((ResourceKey Key, string Replica) place, long number) => NumberAt_NeedsLock(place) > number;

    public void Watch_NeedsLock((ResourceKey Key, string Replica) place, AwaitedHolders writer)
    {
        if (!_waiting.TryGetValue(place, out var writers))
        {
            _waiting[place] = writers = new(1);
        }

        writers.Add(writer);
    }

    public void Unwatch_NeedsLock((ResourceKey Key, string Replica) place, AwaitedHolders writer)
    {
        if (_waiting.TryGetValue(place, out var writers))
        {
            writers.Remove(writer);
            ForgetIfEmpty_NeedsLock(place, writers);
        }
    }

    // Numbers begin at 0, and what is acknowledged is above one.
    private long NumberAt_NeedsLock((ResourceKey Key, string Replica) place) =>
        _latest.TryGetValue(place, out var number) || _before.TryGetValue(place, out number) ? number : long.MinValue;

    private void ForgetIfEmpty_NeedsLock((ResourceKey Key, string Replica) place, List<AwaitedHolders> writers)
    {
        if (writers.Count == 0)
        {
            _waiting.Remove(place);
        }
    }
}

/// <summary>How often and how long evictions wait for replicas that hold what they evict. Those that need not wait are not counted.</summary>
internal sealed partial class EvictionWaits
{
    private readonly Counter<long> _waits;
    private readonly Histogram<double> _durations;
    private readonly OncePerMinute _lapsed;
    private readonly ILogger<EvictionWaits> _logger;

    public EvictionWaits(IMeterFactory meters, TimeProvider time, ILogger<EvictionWaits> logger)
    {
        (_lapsed, _logger) = (new OncePerMinute(time), logger);
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

        if (end == WaitEnd.Lapsed && _lapsed.IsDue())
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
