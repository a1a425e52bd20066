using System.Diagnostics;

namespace CacheProxy.Bench.Load.Traffic;

/// <summary>
/// When requests are due. Saturated: whenever a connection is free. At a rate: at random times of their own (Poisson), whether or not
/// earlier ones have been answered, so that a server that stalls is charged for all that would have come meanwhile.
/// </summary>
internal sealed class Pace
{
    private readonly double _ticksBetween;
    private readonly Random? _random;
    private readonly long _end;
    private double _next;

    private Pace(double ticksBetween, Random? random, TimeSpan duration)
    {
        _ticksBetween = ticksBetween;
        _random = random;
        _next = Stopwatch.GetTimestamp();
        _end = duration == TimeSpan.MaxValue ? long.MaxValue : (long)(_next + (duration.TotalSeconds * Stopwatch.Frequency));
        Advance();
    }

    public static Pace Saturated(TimeSpan duration) => new(0, null, duration);

    /// <summary>Saturated, until the workload has no more.</summary>
    public static Pace UntilDone() => Saturated(TimeSpan.MaxValue);

    public static Pace Poisson(double perSecond, TimeSpan duration, int seed) => new(Stopwatch.Frequency / perSecond, new Random(seed), duration);

    /// <summary>The time at which the next request is due; null when no more is.</summary>
    public long? Next(long now)
    {
        var next = _random is null ? now : (long)_next;
        return next < _end ? next : null;
    }

    public void Advance()
    {
        if (_random is not null)
        {
            _next -= Math.Log(1 - _random.NextDouble()) * _ticksBetween;
        }
    }
}
