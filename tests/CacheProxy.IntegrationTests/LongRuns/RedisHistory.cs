using System.Diagnostics;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>When Redis was killed and when it was back.</summary>
internal sealed class RedisHistory
{
    private readonly Lock _lock = new();
    private readonly List<(long From, long To)> _absences = [];

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

    /// <summary>It is about to be killed.</summary>
    public void Ending()
    {
        lock (_lock)
        {
            _absences.Add((Stopwatch.GetTimestamp(), long.MaxValue));
        }
    }

    public void Returned()
    {
        lock (_lock)
        {
            _absences[^1] = (_absences[^1].From, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>Whether it was killed or absent at any moment of this time.</summary>
    public bool WasAbsent(long from, long to)
    {
        lock (_lock)
        {
            return _absences.Exists(absence => absence.From <= to && from <= absence.To);
        }
    }
}
