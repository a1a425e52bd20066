namespace CacheProxy.Store;

/// <summary>
/// The longest <c>MemoryTtl</c> that any policy of this process has had. It only grows: a lease that was granted ends as it was granted, whatever
/// the configuration has become.
/// </summary>
internal sealed class LongestLease
{
    private long _ticks;

    public TimeSpan Length => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    public void Raise(TimeSpan length)
    {
        long seen;
        while ((seen = Volatile.Read(ref _ticks)) < length.Ticks && Interlocked.CompareExchange(ref _ticks, length.Ticks, seen) != seen)
        {
            // Somebody else has raised it: look again.
        }
    }
}
