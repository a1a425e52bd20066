using CacheProxy.Identity;
using CacheProxy.Store.Memory;

namespace CacheProxy.Store;

/// <summary>
/// Copies of what is hot in the store, and of generations of tags, served without asking it, under leases that the store has granted this
/// process (<see cref="ICacheStore.HoldAsync"/>). A copy is served only while its number is the resource's and its time is not up; and both are
/// looked at after the request has arrived and the copy has been taken, in this order. Tenants share their memory fairly.
/// </summary>
internal sealed partial class LocalCopies : IDisposable
{
    /// <summary>The look-up that finds a resource for the so-manieth time within <c>MemoryTtl</c> holds it: a hold costs the store as much as several others.</summary>
    private const int DefaultHoldFrom = 5;

    // Resources that share a slot have one number: raising it drops the copies of all of them, which costs a few look-ups.
    private const int Slots = 16 * 1024;

    private readonly TimeProvider _time;
    private readonly long _frequency;
    private readonly TenantKeys _tenants;
    private readonly CopyMetrics? _metrics;
    private readonly MemoryBudget _budget;
    private readonly Action<Budgeted> _dropped;
    private readonly CopyHeat _heat = new();
    private IReplicaChannel? _channel;
    private long[]? _numbers;
    private volatile bool _isStopped;

    /// <param name="time">The clock; only its monotonic part is used.</param>
    /// <param name="tenants">Tells whose keys they are; without it, all are one tenant's.</param>
    /// <param name="options">How much memory they may take.</param>
    /// <param name="metrics">Counts holds.</param>
    public LocalCopies(TimeProvider time, TenantKeys? tenants = null, MemoryOptions? options = null, CopyMetrics? metrics = null)
    {
        _time = time;
        _frequency = time.TimestampFrequency;
        _tenants = tenants ?? new TenantKeys();
        _metrics = metrics;
        _budget = new MemoryBudget((options ?? new MemoryOptions()).SizeLimit);
        _dropped = dropped => Dropped_NeedsLock((HeldCopy)dropped);
        metrics?.Observe(this);
    }

    /// <summary>Whether there may be copies: the store is one that replicas share.</summary>
    public bool AreOn => _channel is not null;

    /// <summary>Whether any policy in force wants copies.</summary>
    public bool AreWanted { get; set; }

    /// <summary>Whether there are none although they are wanted.</summary>
    public bool IsCutOff => AreWanted && _channel is { IsOpen: false };

    internal int HoldFrom { get; init; } = DefaultHoldFrom;

    /// <summary>Once, before anything is looked up.</summary>
    public IReplicaChannel? Use(IReplicaChannel? channel) => _channel = channel;

    /// <summary>The resource's number in this process, which only grows. A copy with another one is never served.</summary>
    public long Number(ResourceKey key) => _numbers is { } numbers ? Volatile.Read(ref numbers[Slot(HashOf(key))]) : 0;

    /// <summary>
    /// From now on no copy of the resource is served that was asked for before. Done before a step that evicts is sent, whose script is told
    /// the number, and once more when it has answered.
    /// </summary>
    /// <returns>The new number; 0 where there are no copies at all.</returns>
    public long Raise(ResourceKey key) => AreOn ? Raise(Slot(HashOf(key))) : 0;

    /// <summary>The copy if it may be served now.</summary>
    public LocalCopy? Find(ResourceKey key, VariantKey variant)
    {
        var hash = HashOf(key);
        if (Held(hash, key, variant) is not { } held || held.Copy is not { } copy || !IsGood(Slot(hash), copy))
        {
            return null;
        }

        held.Use(HoldFrom);
        return copy;
    }

    /// <summary>As <see cref="Find"/>, but leaves no trace.</summary>
    /// <param name="key">The resource.</param>
    /// <param name="variant">Which variant of it.</param>
    /// <param name="left">How long it may still be served.</param>
    public LocalCopy? Peek(ResourceKey key, VariantKey variant, out TimeSpan left)
    {
        var hash = HashOf(key);
        var copy = Held(hash, key, variant)?.Copy;
        left = copy is null ? TimeSpan.Zero : _time.GetElapsedTime(_time.GetTimestamp(), copy.UntilTimestamp);
        return copy is not null && IsGood(Slot(hash), copy) ? copy : null;
    }

    /// <summary>Begins a look-up in the store of what there is no good copy of.</summary>
    /// <param name="key">The resource, or the tag.</param>
    /// <param name="variant">Which variant of it.</param>
    /// <param name="ttl">How long a lease is to stand.</param>
    /// <param name="begun">By what a copy is measured. Read before the store is asked: a lease is counted from then.</param>
    /// <returns>Whether the look-up is to take a lease.</returns>
    public bool TryBeginHold(ResourceKey key, VariantKey variant, TimeSpan ttl, out HoldBegun begun)
    {
        var hash = HashOf(key);
        var numbers = Numbers();
        begun = new HoldBegun(Volatile.Read(ref numbers[Slot(hash)]), _time.GetTimestamp(), ttl);
        return !_isStopped
            && _channel is { IsOpen: true }
            && (HoldFrom <= 1
                // What was served often enough while it was held is held again at once.
                || Held(hash, key, variant)?.TryTakeUses(HoldFrom - 1) == true
                || _heat.TryTake(hash, Ms(begun.Timestamp), ttl, HoldFrom - 1));
    }

    /// <summary>A look-up that took no lease has found something.</summary>
    public void Found(ResourceKey key, in HoldBegun begun) => _heat.Count(HashOf(key), Ms(begun.Timestamp), begun.Length);

    /// <summary>Keeps what a look-up has found that took a lease.</summary>
    public void Add(ResourceKey key, in LookUpResult found, in HoldBegun begun) => Add(
        key, found.Variant, begun, MemoryEntry.Measure(found.Response!), new LocalCopy(found with { IsCopy = true, IsHeld = false }, "", begun.Number, UntilOf(begun)));

    /// <summary>The same of a tag's generation.</summary>
    public void Add(ResourceKey tag, string generation, in HoldBegun begun) =>
        Add(tag, VariantKey.Plain, begun, 2 * generation.Length, new LocalCopy(default, generation, begun.Number, UntilOf(begun)));

    /// <summary>Tells how a hold came out.</summary>
    public void Ended(HoldResult result) => _metrics?.Held(result);

    /// <summary>Another response has taken this one's place in the store.</summary>
    public void Drop(ResourceKey key, VariantKey variant)
    {
        if (Held(HashOf(key), key, variant) is { } held)
        {
            Leave(held);
            Let(held);
        }
    }

    /// <summary>Drops all copies of a tenant's entries, and makes useless what look-ups under way are about to copy.</summary>
    public void Erase(TenantName tenant) => Erase(key => _tenants.Find(key.Value).SequenceEqual(tenant.Value));

    /// <summary>The same of all resources that <paramref name="isMeant"/> says.</summary>
    /// <returns>Those of which there were copies.</returns>
    public List<ResourceKey> Erase(Func<ResourceKey, bool> isMeant)
    {
        var erased = Keys(isMeant);
        foreach (var key in erased)
        {
            Raise(key);
        }

        return erased;
    }

    /// <summary>Drops all copies, and makes useless what look-ups under way are about to copy.</summary>
    /// <returns>The resources of which there were copies.</returns>
    public List<ResourceKey> EraseAll()
    {
        var erased = Keys(static _ => true);
        // Without numbers nothing has ever been asked for.
        for (var slot = 0; slot < Slots && _numbers is not null; slot++)
        {
            Raise(slot);
        }

        return erased;
    }

    /// <summary>As <see cref="EraseAll"/>, and there are no copies any more.</summary>
    public List<ResourceKey> Stop()
    {
        // Before the numbers are raised: who has read one that was raised sees that it is to hold nothing.
        _isStopped = true;
        return EraseAll();
    }

    // In this order: a copy that is dropped between the two was good when the request was there already.
    private bool IsGood(int slot, LocalCopy copy) =>
        copy.Number == Volatile.Read(ref _numbers![slot]) && _time.GetTimestamp() < copy.UntilTimestamp;

    private long UntilOf(in HoldBegun begun) =>
        begun.Timestamp + (long)((begun.Length - HoldRequest.MarginOf(begun.Length)).TotalSeconds * _frequency);

    private long[] Numbers() => Volatile.Read(ref _numbers) ?? Interlocked.CompareExchange(ref _numbers, new long[Slots], null) ?? _numbers;

    private long Ms(long timestamp) => timestamp / (_frequency / 1000);

    private static int HashOf(ResourceKey key) => key.Value.GetHashCode();

    private static int Slot(int hash) => hash & (Slots - 1);
}

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
