namespace CacheProxy.Store;

/// <summary>Lets through at most one report a minute.</summary>
internal sealed class OncePerMinute(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _last;

    public bool IsDue()
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last, now) < Pause)
            {
                return false;
            }

            _last = now;
            return true;
        }
    }
}
