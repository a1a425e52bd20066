using CacheProxy.Store;

namespace CacheProxy.Intake;

/// <summary>
/// How late a stream is: how long ago its oldest entry was written that no replica has done. A write that it tells of may be read stale for
/// that long. While nobody can say, the time that this has been so counts.
/// </summary>
internal sealed class StreamLag(string stream, ICacheStore store, TimeProvider time)
{
    // Between two looks it is known well enough.
    private static readonly TimeSpan Current = TimeSpan.FromSeconds(3);

    private long _oldestMs;
    private long _seen = time.GetTimestamp();

    public string Stream => stream;

    public double Seconds
    {
        get
        {
            var since = time.GetElapsedTime(Volatile.Read(ref _seen));
            return Volatile.Read(ref _oldestMs) is > 0 and var oldest
                ? Math.Max(0, (store.NowMs - oldest) / 1000.0)
                : since > Current ? since.TotalSeconds : 0;
        }
    }

    /// <summary>What the store says; <c>null</c> when it says nothing.</summary>
    public void Saw(long? oldestMs)
    {
        if (oldestMs is { } oldest)
        {
            Volatile.Write(ref _oldestMs, oldest);
            Volatile.Write(ref _seen, time.GetTimestamp());
        }
    }
}
