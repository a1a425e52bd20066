namespace CacheProxy.Store.Redis;

/// <summary>
/// Redis's clock, read from here: an offset to this process's monotonic clock, measured anew every few seconds. Replicas whose wall
/// clocks differ thereby agree on the age of what they share. Before the first measurement it is this machine's wall clock.
/// </summary>
internal sealed class RedisClock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();
    private long _originMs = time.GetUtcNow().ToUnixTimeMilliseconds();

    public long NowMs => Volatile.Read(ref _originMs) + ElapsedMs(time.GetTimestamp());

    /// <summary>Redis said <paramref name="redisMs"/> some time between the two timestamps; half-way is as good a guess as any.</summary>
    public void Measured(long redisMs, long asked, long answered) =>
        Volatile.Write(ref _originMs, redisMs - ((ElapsedMs(asked) + ElapsedMs(answered)) / 2));

    private long ElapsedMs(long timestamp) => (long)time.GetElapsedTime(_origin, timestamp).TotalMilliseconds;
}
