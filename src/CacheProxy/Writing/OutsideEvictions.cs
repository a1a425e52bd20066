using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Writing;

/// <summary>
/// Evicts what was written past the sidecar. No fence stood around such a write, and none is needed after it: who told of it has committed
/// it, so that whatever is read from the API from now on is what it wrote; and the eviction revokes every fill that began before
/// (docs/decisions/0030-outside-writes.md).
/// </summary>
internal sealed class OutsideEvictions(ResourceCache cache, CacheEventLog events, WriteMetrics metrics, TimeProvider time)
{
    // As many as dependents are evicted at a time: others' steps come in between.
    private const int AtATime = 64;

    // Nobody who waits for a page waits for it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly WriteServices _services = new(cache, events, metrics, time);

    /// <summary>Whether the store is there at all. What is tried without it would only fill the list of what is pending.</summary>
    public bool IsPossible => cache.IsStoreAvailable;

    /// <summary>
    /// Evicts them with all that contains them, and waits once for all replicas that held any of it. What the store does not take is retried, as
    /// every eviction is.
    /// </summary>
    /// <returns>The keys of those that the store has not taken.</returns>
    public async Task<HashSet<ResourceKey>> EvictAsync(IEnumerable<EvictionTarget> targets)
    {
        var missed = new HashSet<ResourceKey>();
        await using var write = new WriteFence(_services, Longest, [], isSet: false);
        foreach (var some in targets.Chunk(AtATime))
        {
            var outcomes = await write.EvictAsync(some, Longest);
            for (var i = 0; i < some.Length; i++)
            {
                if (outcomes[i] != StoreOutcome.Done)
                {
                    missed.Add(some[i].Key);
                }
            }
        }

        await write.AreHoldersThroughAsync(CancellationToken.None);
        return missed;
    }
}
