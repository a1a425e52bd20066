using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>What an operator takes out of the cache.</summary>
internal sealed partial class ResourceCache
{
    /// <summary>
    /// Purges a resource or a tag: what a fill that began before brings is not stored. Softly, its entries stay for validation, and none is used
    /// before the API has been asked. What contains the resource is evicted either way. What the store cannot take is pending, and then evicted.
    /// </summary>
    /// <param name="key">The resource.</param>
    /// <param name="token">Names the purge.</param>
    /// <param name="isSoft">Whether its entries stay.</param>
    /// <param name="hasDependents">Whether other policies' entries may contain it.</param>
    /// <param name="timeout">How long to wait for the store.</param>
    /// <param name="awaited">Collects its holders: it is done when they have been waited for.</param>
    public async Task<StoreOutcome> PurgeAsync(
        ResourceKey key, string token, bool isSoft, bool hasDependents, TimeSpan timeout, AwaitedHolders? awaited)
    {
        var budget = new StoreTimeoutBudget(timeout);
        var dependents = isSoft && hasDependents ? EvictDependentsAsync(key, token, budget, awaited) : null;
        var outcome = isSoft ? await MarkStaleAsync(key, token, budget, awaited) : await EvictAsync(key, token, budget, awaited, hasDependents);
        outcome = dependents is null || await dependents ? outcome : StoreOutcome.Unavailable;
        absent.Evicted(key);
        if (isSoft && outcome != StoreOutcome.Done)
        {
            pending.Add(key, token, hasDependents: hasDependents);
            copies.Raise(key);
        }

        return outcome;
    }

    private async ValueTask<StoreOutcome> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, AwaitedHolders? awaited)
    {
        var step = await store.MarkStaleAsync(key, token, budget, copies.Raise(key));
        awaited?.Add(key, step);
        copies.Raise(key);
        return step.Outcome;
    }

    /// <summary>
    /// Purges all resources of a kind. A fill under way is a field of its resource's key, so that the key is there to be found; one that begins
    /// while this walks through the keys asks the API after the purge has begun.
    /// </summary>
    /// <param name="selection">Which.</param>
    /// <param name="isSoft">Whether their entries stay for validation.</param>
    /// <param name="progress">Told how many it were so far.</param>
    /// <param name="cancellation">Ends it early; what was purged stays so.</param>
    public async Task<PurgeOutcome> PurgeAllAsync(KeySelection selection, bool isSoft, IProgress<long> progress, CancellationToken cancellation)
    {
        // Whoever holds any of it has the time that the walk takes.
        using var awaited = Await();
        var outcome = await PurgeAllAsync(selection, isSoft, progress, awaited, cancellation);
        await AwaitedHolders.WaitOrThrowAsync(awaited, cancellation);
        return outcome;
    }

    private async Task<PurgeOutcome> PurgeAllAsync(
        KeySelection selection, bool isSoft, IProgress<long> progress, AwaitedHolders? awaited, CancellationToken cancellation)
    {
        var purged = 0L;
        var token = Guid.NewGuid().ToString("N");
        var chunk = new List<ResourceKey>(EvictedAtOnce);
        Forget(selection);
        try
        {
            await foreach (var key in store.KeysAsync(selection.Pattern, cancellation))
            {
                // Nothing in the store ends a long walk where the keys are all at hand.
                cancellation.ThrowIfCancellationRequested();
                if (selection.TryTake(key, out var resource))
                {
                    chunk.Add(resource);
                }

                if (chunk.Count == EvictedAtOnce && !await PurgeChunkAsync())
                {
                    return new PurgeOutcome(purged, IsComplete: false);
                }
            }

            var isComplete = await PurgeChunkAsync();
            Forget(selection);
            return new PurgeOutcome(purged, isComplete);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Whatever the store throws: some of its keys were not seen. Who asked asks again.
            return new PurgeOutcome(purged, IsComplete: false);
        }

        async Task<bool> PurgeChunkAsync()
        {
            var outcomes = await Task.WhenAll(chunk.Select(key => PurgeAsync(key, token, isSoft, selection.HaveDependents, EvictionTimeout, awaited)));
            purged += outcomes.Count(static outcome => outcome == StoreOutcome.Done);
            chunk.Clear();
            progress.Report(purged);
            return Array.TrueForAll(outcomes, static outcome => outcome == StoreOutcome.Done);
        }
    }

    private void Forget(KeySelection selection) => copies.Erase(key => selection.TryTake(key, out _));
}

/// <summary>Some resources of a store.</summary>
/// <param name="Pattern">What all their keys match, and others may.</param>
/// <param name="Makes">Whether a key is one of theirs.</param>
/// <param name="HaveDependents">Whether other policies' entries may contain them.</param>
internal sealed record KeySelection(string Pattern, Func<string, bool> Makes, bool HaveDependents)
{
    /// <summary>Of a key in the store: it is the resource's own, or that of the index of what contains it, which may be there alone.</summary>
    public bool TryTake(ResourceKey found, out ResourceKey resource)
    {
        var isIndex = HaveDependents && found.Value.EndsWith(DependentIndex.Suffix, StringComparison.Ordinal);
        resource = isIndex ? new ResourceKey(found.Value[..^DependentIndex.Suffix.Length]) : found;
        return Makes(resource.Value);
    }
}

/// <summary>What came of a purge.</summary>
/// <param name="Resources">How many were purged; one that the store names twice counts twice.</param>
/// <param name="IsComplete">Whether every key was seen and purged. If not, purge again: what is left is evicted as soon as the store takes it.</param>
internal readonly record struct PurgeOutcome(long Resources, bool IsComplete);
