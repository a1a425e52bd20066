namespace CacheProxy.Store;

/// <summary>
/// What replicas tell each other about hot resources. Nothing that a client waits for depends on it: no method throws, and what cannot be
/// read or written is nothing.
/// </summary>
internal interface IHotList
{
    /// <summary>Whether others may read what is shared here.</summary>
    bool IsShared { get; }

    /// <summary>The store that the list is in: another value means another store, or one that may have lost something; <c>null</c> while it is not known.</summary>
    string? StoreId(HotKeys keys);

    /// <summary>Adds to the counts, which decay there.</summary>
    ValueTask<ShareOutcome> ShareAsync(HotKeys keys, IReadOnlyList<HotCount> counts, int most);

    /// <summary>The requests with the highest counts, hottest first.</summary>
    ValueTask<IReadOnlyList<HotCount>> ReadAsync(HotKeys keys, int most);

    /// <summary>Takes or renews the lease on warming the policy. One replica has it at a time.</summary>
    ValueTask<bool> TryLeadAsync(HotKeys keys, string replica, TimeSpan duration);

    /// <summary>Gives the lease back.</summary>
    ValueTask ResignAsync(HotKeys keys, string replica);
}

/// <summary>A request, as <c>HotRequest</c> writes it, and how often it was made of late.</summary>
internal readonly record struct HotCount(string Request, double Count);

/// <summary>What became of counts that were shared.</summary>
internal enum ShareOutcome
{
    Added,

    /// <summary>Added, but there was no list: it is the first time, or the store has been emptied.</summary>
    Begun,
    Unavailable,
}

/// <summary>The keys in Redis that are no resource's: the hot requests of a policy, and who warms it.</summary>
internal readonly record struct HotKeys(string List, string Lease)
{
    /// <summary>No value that a template names can hold the hash sign, so that only a template with that very word could make one of them.</summary>
    public static readonly string[] Templates = ["cacheproxy#hot:{policy}", "cacheproxy#warm:{policy}"];

    public static HotKeys Of(string prefix, string policy) => new($"{prefix}cacheproxy#hot:{policy}", $"{prefix}cacheproxy#warm:{policy}");
}

/// <summary>Of a store that no other process uses: what this one has learned is all that is known, and it leads.</summary>
internal sealed class OwnHotList : IHotList
{
    public static readonly OwnHotList Instance = new();

    public bool IsShared => false;

    public string? StoreId(HotKeys keys) => "";

    public ValueTask<ShareOutcome> ShareAsync(HotKeys keys, IReadOnlyList<HotCount> counts, int most) => new(ShareOutcome.Added);

    public ValueTask<IReadOnlyList<HotCount>> ReadAsync(HotKeys keys, int most) => new([]);

    public ValueTask<bool> TryLeadAsync(HotKeys keys, string replica, TimeSpan duration) => new(true);

    public ValueTask ResignAsync(HotKeys keys, string replica) => default;
}
