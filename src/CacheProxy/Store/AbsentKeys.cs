using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// Guesses which resources the store holds nothing of: those of which this process has found and stored nothing lately, as long as at least
/// half of such look-ups are misses. A wrong guess costs the store a script where a plain look-up would have done, and nothing else.
/// </summary>
internal sealed class AbsentKeys
{
    // 64 KiB. Two keys that share a place forget each other.
    private const int Size = 16 * 1024;
    private const int Whole = 1 << 16;
    private const int Weight = 32;

    private readonly int[] _present = new int[Size];
    private int _misses = Whole;

    /// <summary>Whether the store is known to hold something of the resource.</summary>
    public bool Knows(ResourceKey key) => IsPresent(key, out _);

    /// <summary>Whether what is not known is usually missed.</summary>
    public bool AreMissesUsual => _misses >= Whole / 2;

    /// <param name="lookUp">Who asked for what.</param>
    /// <param name="result">What the store said.</param>
    public void Learn(in LookUp lookUp, in LookUpResult result)
    {
        if (result.Outcome is not (LookUpOutcome.Found or LookUpOutcome.Miss) || (lookUp.IsKnown && result.Outcome == LookUpOutcome.Found))
        {
            return;
        }

        // Where a lease was wanted and not taken there is something, be it another variant.
        var isAbsent = result.Outcome == LookUpOutcome.Miss && !(lookUp.MayTakeLease && result.Lease is null);
        if (!lookUp.IsKnown)
        {
            // A decaying share, in which one of 32 is new. Threads that overwrite each other's step do no harm.
            _misses += ((isAbsent ? Whole : 0) - _misses) / Weight;
        }

        if (isAbsent)
        {
            Evicted(lookUp.Key);
        }
        else
        {
            Stored(lookUp.Key);
        }
    }

    public void Stored(ResourceKey key)
    {
        if (!IsPresent(key, out var hash))
        {
            Volatile.Write(ref _present[hash & (Size - 1)], hash);
        }
    }

    public void Evicted(ResourceKey key)
    {
        if (IsPresent(key, out var hash))
        {
            Volatile.Write(ref _present[hash & (Size - 1)], 0);
        }
    }

    private bool IsPresent(ResourceKey key, out int hash)
    {
        hash = key.Value.GetHashCode(StringComparison.Ordinal);
        return Volatile.Read(ref _present[hash & (Size - 1)]) == hash;
    }
}
