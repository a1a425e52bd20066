using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>Erasing all that is stored of a tenant.</summary>
internal sealed partial class ResourceCache
{
    // As many evictions are under way at one time: Redis is never busy with them for long, and others' steps come in between.
    private const int EvictedAtOnce = 64;
    private static readonly TimeSpan EvictionTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Evicts every resource of a tenant, in the store and in all replicas. What a fill that began before brings is not stored; what is
    /// filled from now on is.
    /// </summary>
    /// <param name="tenant">Whose resources, by the templates of the policies in force. Keys that name no tenant are nobody's.</param>
    /// <param name="progress">Told how many it were so far.</param>
    /// <param name="cancellation">Ends it early; what was evicted stays so.</param>
    public async Task<TenantErasure> EraseAsync(TenantName tenant, IProgress<long>? progress, CancellationToken cancellation)
    {
        using var awaited = Await();
        var erasure = await EraseAsync(tenant, progress, awaited, cancellation);
        await AwaitedHolders.WaitOrThrowAsync(awaited, cancellation);
        return erasure;
    }

    private async Task<TenantErasure> EraseAsync(TenantName tenant, IProgress<long>? progress, AwaitedHolders? awaited, CancellationToken cancellation)
    {
        copies.Erase(tenant);
        if (tenants?.Pattern(tenant) is not { } pattern)
        {
            return new TenantErasure(0, IsComplete: true);
        }

        var erased = 0L;
        var token = Guid.NewGuid().ToString("N");
        var chunk = new List<ResourceKey>(EvictedAtOnce);
        try
        {
            await foreach (var key in store.KeysAsync(pattern, cancellation))
            {
                if (tenants.Find(key.Value).SequenceEqual(tenant.Value))
                {
                    chunk.Add(key);
                }

                if (chunk.Count == EvictedAtOnce && !await EvictAllAsync())
                {
                    return new TenantErasure(erased, IsComplete: false);
                }
            }

            var isComplete = await EvictAllAsync() && await store.ForgetUseAsync(tenant.Value, new StoreTimeoutBudget(EvictionTimeout)) == StoreOutcome.Done;
            copies.Erase(tenant);
            return new TenantErasure(erased, isComplete);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Whatever the store throws: some of its keys were not seen. Who asked asks again.
            return new TenantErasure(erased, IsComplete: false);
        }

        async Task<bool> EvictAllAsync()
        {
            var outcomes = await Task.WhenAll(chunk.Select(key => EvictAsync(key, token, new StoreTimeoutBudget(EvictionTimeout), awaited).AsTask()));
            foreach (var key in chunk)
            {
                absent.Evicted(key);
            }

            erased += outcomes.Count(static outcome => outcome == StoreOutcome.Done);
            chunk.Clear();
            progress?.Report(erased);
            return Array.TrueForAll(outcomes, static outcome => outcome == StoreOutcome.Done);
        }
    }
}

/// <summary>What came of an erasure.</summary>
/// <param name="Resources">How many were evicted; one that the store names twice counts twice.</param>
/// <param name="IsComplete">Whether every key was seen and evicted. If not, erase again: what is left is evicted as soon as the store takes it.</param>
internal readonly record struct TenantErasure(long Resources, bool IsComplete);
