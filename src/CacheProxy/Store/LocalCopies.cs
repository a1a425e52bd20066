using System.Collections.Concurrent;
using CacheProxy.Identity;
using CacheProxy.Store.Memory;

namespace CacheProxy.Store;

/// <summary>
/// Copies of entries in this process, served without asking the store for as long as the policy's <c>MemoryTtl</c> says. A write through
/// this process forgets them; one through another replica is not noticed before they run out. Tenants share their memory fairly.
/// </summary>
internal sealed class LocalCopies : IDisposable
{
    private const long DefaultMaxBytes = 64L * 1024 * 1024;
    private const int OverheadBytes = 1024;
    private const int Generations = 4096;
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(ResourceKey Key, VariantKey Variant), HeldCopy> _copies = new();
    private readonly int[] _generations = new int[Generations];
    private readonly TimeProvider _time;
    private readonly TenantKeys _tenants;
    private readonly MemoryBudget _budget;
    private readonly Action<Budgeted> _dropped;
    private readonly Lock _sweeping = new();
    private ITimer? _sweeper;

    /// <param name="time">The clock.</param>
    /// <param name="tenants">Tells whose keys they are; without it, all are one tenant's.</param>
    public LocalCopies(TimeProvider time, TenantKeys? tenants = null)
        : this(time, tenants, DefaultMaxBytes)
    {
    }

    internal LocalCopies(TimeProvider time, TenantKeys? tenants, long maxBytes)
    {
        _time = time;
        _tenants = tenants ?? new TenantKeys();
        _budget = new MemoryBudget(maxBytes);
        _dropped = dropped => _copies.TryRemove(KeyValuePair.Create(((HeldCopy)dropped).Place, (HeldCopy)dropped));
    }

    /// <summary>What the copies take, roughly.</summary>
    public long Bytes => _budget.Bytes;

    /// <summary>Counts what was forgotten; a copy of an earlier generation is never served. Read it before asking the store.</summary>
    public int Generation(ResourceKey key) => Volatile.Read(ref _generations[Slot(key)]);

    public LookUpResult? Find(ResourceKey key, VariantKey variant)
    {
        if (!_copies.TryGetValue((key, variant), out var held)
            || held.Copy is not { } copy
            || copy.Generation != Generation(key)
            || _time.GetTimestamp() >= copy.UntilTimestamp)
        {
            return null;
        }

        if (!held.IsUsed)
        {
            held.IsUsed = true;
        }

        return copy.Result;
    }

    /// <param name="key">The resource.</param>
    /// <param name="result">What the store has.</param>
    /// <param name="generation">The generation before the store was asked.</param>
    /// <param name="ttl">How long it may be served.</param>
    public void Add(ResourceKey key, in LookUpResult result, int generation, TimeSpan ttl)
    {
        var until = _time.GetTimestamp() + (long)(ttl.TotalSeconds * _time.TimestampFrequency);
        var bytes = result.Response!.Body.Length + OverheadBytes;
        var held = new HeldCopy((key, result.Variant), new LocalCopy(result, generation, until), bytes);
        lock (held)
        {
            Drop(key, result.Variant);
            if (!_copies.TryAdd(held.Place, held))
            {
                // Somebody else was faster, with an answer that is as good.
                return;
            }

            _budget.Enqueue_NeedsLock(held, _tenants.Find(key.Value));
            _budget.Add(held, bytes, entries: 1);
        }

        SweepLater();
        _budget.Trim(held, _dropped);
    }

    /// <summary>Another response has taken this one's place in the store.</summary>
    public void Drop(ResourceKey key, VariantKey variant)
    {
        if (_copies.TryRemove((key, variant), out var held))
        {
            Let(held);
        }
    }

    /// <summary>Raises the resource's number, so that no copy with a lower one is served.</summary>
    public long Raise(ResourceKey key) => (uint)Interlocked.Increment(ref _generations[Slot(key)]);

    public void Forget(ResourceKey key) => Interlocked.Increment(ref _generations[Slot(key)]);

    /// <summary>Drops all copies of a tenant's entries, and makes useless what look-ups under way are about to copy.</summary>
    public void Erase(TenantName tenant) => Erase(key => _tenants.Find(key.Value).SequenceEqual(tenant.Value));

    /// <summary>The same of all resources that <paramref name="isMeant"/> says.</summary>
    public void Erase(Func<ResourceKey, bool> isMeant)
    {
        foreach (var (place, held) in _copies)
        {
            if (isMeant(place.Key))
            {
                Forget(place.Key);
                DropThis(place, held);
            }
        }
    }

    public void Dispose() => StopSweeping();

    // Only as long as there are copies, which most policies have none of.
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

    private void Sweep()
    {
        var now = _time.GetTimestamp();
        foreach (var (place, held) in _copies)
        {
            if (held.Copy is not { } copy || now >= copy.UntilTimestamp || copy.Generation != Generation(place.Key))
            {
                DropThis(place, held);
            }
        }

        lock (_sweeping)
        {
            // Whoever adds one comes here, too, after it has been added.
            if (_copies.IsEmpty)
            {
                StopSweeping();
            }
        }
    }

    private void DropThis((ResourceKey Key, VariantKey Variant) place, HeldCopy held)
    {
        if (_copies.TryRemove(KeyValuePair.Create(place, held)))
        {
            Let(held);
        }
    }

    private void Let(HeldCopy held)
    {
        lock (held)
        {
            _budget.Add(held, -held.Bytes, -held.Count);
            held.DropEntries();
        }
    }

    private static int Slot(ResourceKey key) => key.Value.GetHashCode(StringComparison.Ordinal) & (Generations - 1);

    private sealed record LocalCopy(LookUpResult Result, int Generation, long UntilTimestamp);

    /// <summary>The place of a copy; without one once it has been dropped, so that a queue of the budget keeps no body.</summary>
    private sealed class HeldCopy((ResourceKey Key, VariantKey Variant) place, LocalCopy copy, long bytes) : Budgeted
    {
        private volatile LocalCopy? _copy = copy;

        public (ResourceKey Key, VariantKey Variant) Place => place;

        public LocalCopy? Copy => _copy;

        public override long Bytes => _copy is null ? 0 : bytes;

        public override int Count => _copy is null ? 0 : 1;

        public override bool HasEntries => _copy is not null;

        public override void DropEntries() => _copy = null;
    }
}
