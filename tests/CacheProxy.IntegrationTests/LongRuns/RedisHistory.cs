using System.Diagnostics;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What befell Redis during a run, as far as it bears on what can be promised.</summary>
internal sealed class RedisHistory
{
    private readonly Lock _lock = new();

    // From the moment that a returning Redis remembers, to its end: what it was told in between it has forgotten.
    private readonly List<(long From, long To)> _forgotten = [];
    private readonly List<(long From, long To)> _absences = [];
    private long _savedAt;

    /// <summary>How often it was killed.</summary>
    public int Kills
    {
        get
        {
            lock (_lock)
            {
                return _absences.Count;
            }
        }
    }

    /// <summary>It is about to write down what it holds, and will return with that.</summary>
    public void Saving()
    {
        lock (_lock)
        {
            _savedAt = Stopwatch.GetTimestamp();
            _forgotten.Add((_savedAt, long.MaxValue));
        }
    }

    /// <summary>It is about to be killed.</summary>
    public void Ending()
    {
        lock (_lock)
        {
            _absences.Add((Stopwatch.GetTimestamp(), long.MaxValue));
        }
    }

    public void Ended()
    {
        lock (_lock)
        {
            if (_savedAt != 0)
            {
                _forgotten[^1] = (_savedAt, Stopwatch.GetTimestamp());
            }
        }
    }

    public void Returned()
    {
        lock (_lock)
        {
            _absences[^1] = (_absences[^1].From, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>Whether it forgot some of what it was told in this time.</summary>
    public bool HasForgotten(long from, long to)
    {
        lock (_lock)
        {
            return Overlaps(_forgotten, from, to);
        }
    }

    /// <summary>Whether it was killed or absent at any moment of this time.</summary>
    public bool WasAbsent(long from, long to)
    {
        lock (_lock)
        {
            return Overlaps(_absences, from, to);
        }
    }

    private static bool Overlaps(List<(long From, long To)> times, long from, long to)
    {
        foreach (var time in times)
        {
            if (time.From <= to && from <= time.To)
            {
                return true;
            }
        }

        return false;
    }
}
