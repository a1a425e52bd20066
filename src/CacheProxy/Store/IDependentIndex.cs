using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The steps on the index of a resource: which entries contain it, and when it was last written. One round trip each, on a key of its own
/// (<see cref="DependentIndex"/>), which a node of its own may hold. docs/decisions/0022-dependencies.md says why each is as it is. A store
/// need not have indexes: then nothing is stored that contains other resources.
/// </summary>
internal interface IDependentIndex
{
    /// <summary>
    /// What identifies the memory of each node as it is known now: it changes when a node may have forgotten what it acknowledged.
    /// <c>null</c> when the store is not there.
    /// </summary>
    IIndexVersions? Versions => null;

    /// <summary>
    /// Notes that an entry contains the resource, for as long as the entry may be stored. Refused while a write of it is under way.
    /// </summary>
    /// <param name="key">The resource.</param>
    /// <param name="dependent">The key of the entry.</param>
    /// <param name="life">How long the entry may be stored, from now on.</param>
    /// <param name="mostDependents">How many may be noted.</param>
    /// <param name="budget">How long the request may still wait for the store.</param>
    ValueTask<Registration> RegisterAsync(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
        new(new Registration(RegistrationOutcome.Unavailable));

    /// <summary>A write begins: until it ends or its deadline has passed, nothing more is registered.</summary>
    /// <param name="key">The resource.</param>
    /// <param name="token">Names this beginning; a write that begins again has another.</param>
    /// <param name="deadline">How long it stands.</param>
    /// <param name="budget">How long the request may still wait for the store.</param>
    ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        new(IndexedWrite.Unavailable);

    /// <summary>Prolongs a write. One that the index has lost is not made again, so that its end still tells that it was lost.</summary>
    ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        new(IndexRenewal.Unavailable);

    /// <summary>
    /// A write ends. If it changed anything, the index remembers when; and where <paramref name="token"/> has not stood until now, all that
    /// is noted comes back, because what was noted meanwhile may contain what the write replaced.
    /// </summary>
    /// <param name="key">The resource.</param>
    /// <param name="token">The last beginning whose dependents have been evicted; all beginnings of the same write end with it.</param>
    /// <param name="changed">Whether the API may have changed anything.</param>
    /// <param name="budget">How long the request may still wait for the store.</param>
    ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        new(IndexedWrite.Unavailable);
}

/// <summary>Beside a resource's key stands the key of its index.</summary>
internal static class DependentIndex
{
    /// <summary>What the key of an index ends in. No template may.</summary>
    public const string Suffix = ":in";

    /// <summary>
    /// An entry is noted for longer than it may be stored, and the end of a write is known for longer than a fill that it concerns may take:
    /// the clocks of two nodes need not run at quite the same pace.
    /// </summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Names the evictions of what contains a resource that a write changes. Not by the write itself: it may have a fence of its own on one of
    /// them (<c>PUT /api/customers/1/pets/7</c> has), which the eviction must leave in place.
    /// </summary>
    public static string EvictionToken(string write) => write + ":in";

    /// <summary>How long the end of a write is remembered.</summary>
    public static readonly TimeSpan MarkStands = FillLease.DefaultDuration + Margin;
}

/// <summary>What identifies the memory of the node that has an index.</summary>
internal interface IIndexVersions
{
    /// <summary><c>null</c> where it is not known, or where the node may drop the index for lack of memory.</summary>
    string? Of(string key);

    /// <summary>Whether the node drops keys that are still needed when its memory is full.</summary>
    bool MayDrop(string key);
}

/// <summary>One beginning of a write on an index.</summary>
/// <param name="Write">Names the write.</param>
/// <param name="Number">Tells its beginnings apart, from 1; 0 for none that is known to stand.</param>
internal readonly record struct IndexToken(string Write, int Number)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Write}.{Number}");
}

/// <summary>What became of a registration.</summary>
/// <param name="Outcome">How it came out.</param>
/// <param name="SinceWriteMs">How long ago the last write ended, by the clock that noted its end; <c>null</c> when none is known.</param>
internal readonly record struct Registration(RegistrationOutcome Outcome, long? SinceWriteMs = null)
{
    // Half of it for the milliseconds that clocks are read in, and as much again.
    private const double MarginMs = 2;
    private const double Drift = 0.001;

    /// <summary>Whether what was asked for <paramref name="elapsed"/> ago was asked after the last write had ended: only durations are compared.</summary>
    public bool IsSince(TimeSpan elapsed) =>
        Outcome == RegistrationOutcome.Registered && (SinceWriteMs is not { } since || since > (elapsed.TotalMilliseconds * (1 + Drift)) + MarginMs);
}

internal enum RegistrationOutcome
{
    Registered,

    /// <summary>A write is under way, or may still be.</summary>
    Written,

    /// <summary>So many entries contain the resource that there is no room for another.</summary>
    Full,

    Unavailable,
}

internal enum IndexRenewal
{
    Renewed,

    /// <summary>The index does not have the write any more: it has run out, or the index was lost.</summary>
    Lost,

    Unavailable,
}

/// <summary>What an index says at the beginning or the end of a write.</summary>
/// <param name="Outcome">Whether it was carried out.</param>
/// <param name="Dependents">The keys of the entries to be evicted.</param>
internal readonly record struct IndexedWrite(StoreOutcome Outcome, ResourceKey[] Dependents)
{
    public static IndexedWrite Unavailable => new(StoreOutcome.Unavailable, []);

    public static IndexedWrite Done => new(StoreOutcome.Done, []);
}
