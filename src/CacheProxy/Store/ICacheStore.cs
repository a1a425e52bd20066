using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The steps of the protocol: leases that an eviction revokes ("Scaling Memcache at Facebook", NSDI 2013, §3.2.1), and a fence around
/// each write. One round trip each. No method throws for a store that is absent, slow or full: that is the outcome <c>Unavailable</c>.
/// </summary>
internal interface ICacheStore : IAsyncDisposable
{
    /// <summary>The store's own clock, Unix time in milliseconds: the one that entries and deadlines are measured by.</summary>
    long NowMs { get; }

    /// <summary>Whether the store is believed to answer. While false every step is <c>Unavailable</c> at once.</summary>
    bool IsAvailable { get; }

    /// <summary>Completes when the store has been reached for the first time, or when it is clear that it is not to be reached now.</summary>
    Task FirstContact { get; }

    /// <summary>Names a fill: 32 hexadecimal digits that no other fill has.</summary>
    string NewFillToken(ResourceKey key);

    /// <summary>
    /// Reads one variant of a resource. Needs no clock to be right: behind any fence, live or dead, nothing is found. A dead one is a
    /// <see cref="LookUpOutcome.Miss"/>, so that a fill begins and clears it away.
    /// </summary>
    ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StorePatience patience);

    /// <summary>
    /// Takes a lease to fill a variant. A write past its deadline is one whose outcome nobody knows: it evicts the whole resource here.
    /// </summary>
    ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StorePatience patience);

    /// <summary>Stores the response if the lease still stands and no fence lives; gives the lease back either way.</summary>
    ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StorePatience patience);

    /// <summary>Gives a lease back without storing.</summary>
    ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StorePatience patience);

    /// <summary>Sets the fence of a write and revokes every lease. Called again with the same token it renews the deadline.</summary>
    ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StorePatience patience);

    /// <summary>
    /// Ends a write. <see cref="WriteResult.Changed"/> evicts everything but other writes' fields; <see cref="WriteResult.Unchanged"/>
    /// restores the entry and its expiry; <see cref="WriteResult.Unknown"/> evicts and leaves the fence to its deadline.
    /// </summary>
    ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StorePatience patience);
}
