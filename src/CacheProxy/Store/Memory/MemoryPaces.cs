using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>
/// The paces of one process, of a bounded number of resources: the last <see cref="MostYoung"/> that were noted are there for certain, and no
/// more than twice as many.
/// </summary>
internal sealed class MemoryPaces(TimeProvider time) : IWritePaces
{
    /// <summary>With keys of usual length, 4 MiB.</summary>
    public const int MostYoung = 16 * 1024;

    private readonly Lock _lock = new();
    private Dictionary<string, Noted> _young = [];
    private Dictionary<string, Noted> _old = [];

    /// <summary>How many resources are known.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _young.Count + _old.Count;
            }
        }
    }

    public ValueTask<WritePace> NoteAsync(ResourceKey key, PaceStep step, TimeSpan keep, StoreTimeoutBudget budget)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_lock)
        {
            var isKnown = (_young.Remove(key.Value, out var noted) || _old.Remove(key.Value, out noted)) && noted.DeadlineMs > now;
            if (!isKnown && step != PaceStep.Filled)
            {
                return default;
            }

            var pace = isKnown ? new WritePace(Math.Max(0, now - noted.SinceMs), noted.MeanMs) : new WritePace(0, null);
            pace = step == PaceStep.Written ? pace.Written() : pace;
            Keep(key.Value, new Noted(now - pace.SinceMs!.Value, pace.MeanMs, now + (long)keep.TotalMilliseconds));
            return new(pace);
        }
    }

    private void Keep(string key, Noted noted)
    {
        if (_young.Count == MostYoung)
        {
            (_old, _young) = (_young, []);
        }

        _young[key] = noted;
    }

    private readonly record struct Noted(long SinceMs, double? MeanMs, long DeadlineMs);
}
