using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Stores that break the protocol in one point. An explorer that finds nothing wrong with them is worth nothing.</summary>
internal static class DamagedStores
{
    public static ICacheStore Sound(ICacheStore store) => store;

    /// <summary>A fill is stored whether its lease stands or not.</summary>
    public static ICacheStore WithoutLeaseCheck(ICacheStore store) => new LeaselessStore(store);

    /// <summary>A write is only noticed when it ends.</summary>
    public static ICacheStore WithoutFence(ICacheStore store) => new FencelessStore(store);

    /// <summary>A write ends without evicting.</summary>
    public static ICacheStore WithoutEviction(ICacheStore store) => new EvictionlessStore(store);

    private class DamagedStore(ICacheStore store) : ICacheStore
    {
        public long NowMs => store.NowMs;

        public bool IsAvailable => store.IsAvailable;

        public Task FirstContact => store.FirstContact;

        public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

        public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StorePatience patience) =>
            store.LookUpAsync(key, variant, patience);

        public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StorePatience patience) =>
            store.BeginFillAsync(key, lease, patience);

        public virtual ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StorePatience patience) =>
            store.CompleteFillAsync(key, lease, result, patience);

        public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StorePatience patience) =>
            store.AbandonFillAsync(key, lease, patience);

        public virtual ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StorePatience patience) =>
            store.BeginWriteAsync(key, token, deadline, patience);

        public virtual ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StorePatience patience) =>
            store.EndWriteAsync(key, token, result, patience);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }

    private sealed class LeaselessStore(ICacheStore store) : DamagedStore(store)
    {
        public override async ValueTask<CompleteFillOutcome> CompleteFillAsync(
            ResourceKey key, FillLease lease, FillResult result, StorePatience patience)
        {
            var seen = await LookUpAsync(key, lease.Variant, patience);
            await BeginFillAsync(key, lease with { Seen = seen.Stamp }, patience);
            return await base.CompleteFillAsync(key, lease, result, patience);
        }
    }

    private sealed class FencelessStore(ICacheStore store) : DamagedStore(store)
    {
        public override ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StorePatience patience) =>
            new(StoreOutcome.Done);
    }

    private sealed class EvictionlessStore(ICacheStore store) : DamagedStore(store)
    {
        public override ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StorePatience patience) =>
            base.EndWriteAsync(key, token, WriteResult.Unchanged, patience);
    }
}
