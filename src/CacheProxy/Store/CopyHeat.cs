namespace CacheProxy.Store;

/// <summary>
/// Counts how often resources are found within a time, in a table of fixed size and without a lock. Two resources that share a place take from
/// each other's count: one that is asked for once, as all those of a crawl, never takes the place of one that is asked for often.
/// </summary>
internal sealed class CopyHeat
{
    // 128 KiB, once the first look-up is counted.
    private const int Size = 16 * 1024;
    private const int CountBits = 8;
    private const int TagBits = 24;
    private const ulong MostCounted = (1 << CountBits) - 1;

    // A place holds which resource it counts, since when (in ms), and how many: counters that threads overwrite for each other are a little low.
    private ulong[]? _places;

    /// <summary>Counts one.</summary>
    /// <param name="hash">The resource's.</param>
    /// <param name="nowMs">The monotonic clock.</param>
    /// <param name="window">For how long a count goes on.</param>
    public void Count(int hash, long nowMs, TimeSpan window)
    {
        ref var place = ref Place(hash);
        var seen = Volatile.Read(ref place);
        var count = CountOf(seen);
        if (!IsWithin(seen, nowMs, window))
        {
            Volatile.Write(ref place, Make(hash, nowMs, 1));
        }
        else if (IsOf(seen, hash))
        {
            Volatile.Write(ref place, Math.Min(count + 1, MostCounted) | (seen & ~MostCounted));
        }
        else
        {
            Volatile.Write(ref place, count > 1 ? seen - 1 : Make(hash, nowMs, 1));
        }
    }

    /// <summary>Whether it was counted at least so often lately. One of those who ask at the same time is told so, and the count begins anew.</summary>
    public bool TryTake(int hash, long nowMs, TimeSpan window, int least)
    {
        ref var place = ref Place(hash);
        var seen = Volatile.Read(ref place);
        return CountOf(seen) >= (ulong)least
            && IsOf(seen, hash)
            && IsWithin(seen, nowMs, window)
            && Interlocked.CompareExchange(ref place, 0, seen) == seen;
    }

    private ref ulong Place(int hash) =>
        ref (Volatile.Read(ref _places) ?? Interlocked.CompareExchange(ref _places, new ulong[Size], null) ?? _places)[hash & (Size - 1)];

    private static ulong CountOf(ulong place) => place & MostCounted;

    private static bool IsOf(ulong place, int hash) => place >> (64 - TagBits) == Tag(hash);

    private static bool IsWithin(ulong place, long nowMs, TimeSpan window) =>
        CountOf(place) > 0 && (uint)nowMs - (uint)(place >> CountBits) < window.TotalMilliseconds;

    private static ulong Make(int hash, long nowMs, ulong count) => (Tag(hash) << (64 - TagBits)) | ((ulong)(uint)nowMs << CountBits) | count;

    // What the place does not say of it, and a little more.
    private static ulong Tag(int hash) => (uint)hash >> (32 - TagBits);
}
