using CacheProxy.Identity;
using CacheProxy.Store.Memory;

namespace CacheProxy.Store;

/// <summary>
/// Where copies are kept: by the slot of their resource's number, so that whoever raises it finds what to drop. A slot is an array that is
/// replaced as a whole; reading takes no lock.
/// </summary>
internal sealed partial class LocalCopies
{
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(5);

    private readonly Lock _sweeping = new();
    private HeldCopy[]?[]? _held;
    private ITimer? _sweeper;
    private long _count;

    /// <summary>What the copies take, roughly.</summary>
    public long Bytes => _budget.Bytes;

    /// <summary>How many there are, those included whose time is up.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Dispose() => StopSweeping();

    private HeldCopy? Held(int hash, ResourceKey key, VariantKey variant)
    {
        if (_held is not { } all || Volatile.Read(ref all[Slot(hash)]) is not { } slot)
        {
            return null;
        }

        foreach (var held in slot)
        {
            if (held.Hash == hash && held.Variant == variant && held.Key == key)
            {
                return held;
            }
        }

        return null;
    }

    private void Add(ResourceKey key, VariantKey variant, in HoldBegun begun, long bytes, LocalCopy copy)
    {
        var hash = HashOf(key);
        // One that comes too late would never be served, and one that nobody can call back would keep writers waiting.
        if (begun.Number != Volatile.Read(ref Numbers()[Slot(hash)]) || _isStopped || _channel is not { IsOpen: true })
        {
            return;
        }

        var held = Volatile.Read(ref _held) ?? Interlocked.CompareExchange(ref _held, new HeldCopy[]?[Slots], null) ?? _held;
        bytes += HeldCopy.OverheadBytes + (2 * (key.Value.Length + variant.Digest.Length));
        while (!TryRenew(hash, key, variant, bytes, copy) && !TryPlace(ref held[Slot(hash)], new HeldCopy(hash, key, variant, begun.Length), bytes, copy))
        {
            // Somebody else has changed the slot meanwhile: look again.
        }
    }

    private bool TryRenew(int hash, ResourceKey key, VariantKey variant, long bytes, LocalCopy copy)
    {
        if (Held(hash, key, variant) is not { } held)
        {
            return false;
        }

        lock (held)
        {
            // It keeps its place in the queue. Where it has just been dropped the new copy is lost, which is no harm.
            if (!held.IsGone)
            {
                _budget.Add(held, bytes - held.Bytes, 0);
                held.Keep(copy.WithBytesOf(held.Copy), bytes);
            }
        }

        _budget.Trim(held, _dropped);
        return true;
    }

    private bool TryPlace(ref HeldCopy[]? slot, HeldCopy held, long bytes, LocalCopy copy)
    {
        lock (held)
        {
            held.Keep(copy, bytes);
            var seen = Volatile.Read(ref slot);
            HeldCopy[] grown = [.. seen ?? [], held];
            if (Interlocked.CompareExchange(ref slot, grown, seen) != seen)
            {
                return false;
            }

            Interlocked.Increment(ref _count);
            _budget.Enqueue_NeedsLock(held, _tenants.Find(held.Key.Value));
            _budget.Add(held, bytes, entries: 1);
        }

        SweepLater();
        _budget.Trim(held, _dropped);
        return true;
    }

    private long Raise(int slot)
    {
        var number = Interlocked.Increment(ref Numbers()[slot]);
        if (_held is { } all && Volatile.Read(ref all[slot]) is not null)
        {
            foreach (var held in Interlocked.Exchange(ref all[slot], null) ?? [])
            {
                Let(held);
            }
        }

        return number;
    }

    private void Leave(HeldCopy held)
    {
        ref var slot = ref _held![Slot(held.Hash)];
        HeldCopy[]? seen;
        HeldCopy[]? left;
        do
        {
            seen = Volatile.Read(ref slot);
            left = seen is null ? null : Array.FindAll(seen, one => one != held);
        }
        while (Interlocked.CompareExchange(ref slot, left is { Length: > 0 } ? left : null, seen) != seen);
    }

    /// <summary>It is in no slot any more.</summary>
    private void Let(HeldCopy held)
    {
        lock (held)
        {
            if (held.HasEntries)
            {
                _budget.Add(held, -held.Bytes, -held.Count);
                held.DropEntries();
                Interlocked.Decrement(ref _count);
            }

            held.IsGone = true;
        }
    }

    // For lack of memory.
    private void Dropped_NeedsLock(HeldCopy held)
    {
        Leave(held);
        Interlocked.Decrement(ref _count);
        held.IsGone = true;
    }

    private List<ResourceKey> Keys(Func<ResourceKey, bool> isMeant)
    {
        var keys = new HashSet<ResourceKey>();
        foreach (var slot in Volatile.Read(ref _held) ?? [])
        {
            foreach (var held in slot ?? [])
            {
                if (isMeant(held.Key))
                {
                    keys.Add(held.Key);
                }
            }
        }

        return [.. keys];
    }

    // Only as long as there are copies.
    private void SweepLater()
    {
        lock (_sweeping)
        {
            _sweeper ??= _time.CreateTimer(static copies => ((LocalCopies)copies!).Sweep(), this, BetweenSweeps, BetweenSweeps);
        }
    }

    private void StopSweeping()
    {
        lock (_sweeping)
        {
            _sweeper?.Dispose();
            _sweeper = null;
        }
    }

    /// <summary>Drops what is not going to be held anew: what was not asked for as long again as its lease stood.</summary>
    private void Sweep()
    {
        var now = _time.GetTimestamp();
        foreach (var slot in Volatile.Read(ref _held) ?? [])
        {
            foreach (var held in slot ?? [])
            {
                if (held.Copy is { } copy && now > copy.UntilTimestamp && _time.GetElapsedTime(copy.UntilTimestamp, now) > held.Length)
                {
                    Leave(held);
                    Let(held);
                }
            }
        }

        lock (_sweeping)
        {
            // Whoever adds one comes here, too, after it has been added.
            if (Count == 0)
            {
                StopSweeping();
            }
        }
    }

    /// <summary>The place of a copy; without one once it has been dropped, so that a queue of the budget keeps no body.</summary>
    private sealed class HeldCopy(int hash, ResourceKey key, VariantKey variant, TimeSpan length) : Budgeted
    {
        /// <summary>The objects around a copy, and its places in the slot and in the queue.</summary>
        public const int OverheadBytes = 512;

        private volatile LocalCopy? _copy;
        private long _bytes;
        private int _uses;

        public int Hash => hash;

        public ResourceKey Key => key;

        public VariantKey Variant => variant;

        public TimeSpan Length => length;

        public LocalCopy? Copy => _copy;

        public override long Bytes => _bytes;

        public override int Count => _copy is null ? 0 : 1;

        public override bool HasEntries => _copy is not null;

        public void Keep(LocalCopy copy, long bytes) => (_copy, _bytes) = (copy, bytes);

        /// <summary>Counts what was served, up to so many: then reading writes nothing any more that other processors read.</summary>
        public void Use(int most)
        {
            if (!IsUsed)
            {
                IsUsed = true;
            }

            if (_uses < most)
            {
                _uses++;
            }
        }

        /// <summary>Whether it was served so often since it was last asked. One of those who ask at the same time is told so.</summary>
        public bool TryTakeUses(int least) => _uses >= least && Interlocked.Exchange(ref _uses, 0) >= least;

        public override void DropEntries() => (_copy, _bytes) = (null, 0);
    }
}

/// <summary>A look-up that may take a lease: what was read before the store was asked.</summary>
/// <param name="Number">The resource's number in this process.</param>
/// <param name="Timestamp">The monotonic clock.</param>
/// <param name="Length">How long the lease stands (<c>MemoryTtl</c>); zero for a look-up that neither takes one nor is counted.</param>
internal readonly record struct HoldBegun(long Number, long Timestamp, TimeSpan Length);

/// <summary>A copy, of an entry or of a tag's generation. Immutable; all who read it share its body.</summary>
/// <param name="result">The entry as it was found; without an outcome worth speaking of for a tag.</param>
/// <param name="generation">The tag's; empty for an entry.</param>
/// <param name="number">The resource's number before the store was asked.</param>
/// <param name="untilTimestamp">It is served before this, on the monotonic clock.</param>
internal sealed class LocalCopy(in LookUpResult result, string generation, long number, long untilTimestamp)
{
    private readonly LookUpResult _result = result;

    public ref readonly LookUpResult Result => ref _result;

    public string Generation => generation;

    public long Number => number;

    public long UntilTimestamp => untilTimestamp;

    /// <summary>The same; if it is of the entry that <paramref name="earlier"/> is of, with that one's bytes, so that a lease taken anew takes no memory.</summary>
    public LocalCopy WithBytesOf(LocalCopy? earlier) =>
        _result.Response is { } response
        && earlier?._result.Response is { } same
        && response.Stamp.DeadlineMs != 0
        && response.Stamp.DeadlineMs == same.Stamp.DeadlineMs
        && response.Stamp.Found == same.Stamp.Found
            ? new LocalCopy(_result with { Response = same }, generation, number, untilTimestamp)
            : this;
}
