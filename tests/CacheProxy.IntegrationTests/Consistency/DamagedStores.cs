using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Redis.Topologies;

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

    /// <summary>A write whose outcome nobody knows is evicted at once, and its fence goes with it.</summary>
    public static ICacheStore WithoutDeadlineOfUnknown(ICacheStore store) => new HastyStore(store);

    /// <summary>An eviction counts as done whether the store has it or not.</summary>
    public static ICacheStore WithoutPendingEvictions(ICacheStore store) => new ForgetfulStore(store);

    /// <summary>A fill counts as stored although Redis has been replaced since it began.</summary>
    public static ICacheStore WithoutReplicationIds(ICacheStore store) => new CredulousStore(store);

    /// <summary>A fill is stored under the names that it was computed with, whatever the resource varies on by now.</summary>
    public static ICacheStore WithoutVaryCheck(ICacheStore store) => new UnvaryingStore(store);

    internal class DamagedStore(ICacheStore store) : ICacheStore
    {
        public long NowMs => store.NowMs;

        public bool IsAvailable => store.IsAvailable;

        public Task FirstContact => store.FirstContact;

        public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

        public virtual IReplicaChannel? Channel => store.Channel;

        public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) =>
            store.LookUpAsync(key, variant, budget);

        public virtual ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget) =>
            store.HoldAsync(key, variant, hold, budget);

        public ValueTask<TagState> LookUpTagAsync(ResourceKey tag, StoreTimeoutBudget budget) => store.LookUpTagAsync(tag, budget);

        public virtual ValueTask<TagState> HoldTagAsync(ResourceKey tag, HoldRequest hold, StoreTimeoutBudget budget) =>
            store.HoldTagAsync(tag, hold, budget);

        public ValueTask<TagState> OpenTagAsync(ResourceKey tag, TimeSpan keep, StoreTimeoutBudget budget) => store.OpenTagAsync(tag, keep, budget);

        public virtual ValueTask ReleaseAsync(ResourceKey key, long number, StoreTimeoutBudget budget) => store.ReleaseAsync(key, number, budget);

        public ValueTask<LookUpResult> LookUpOrBeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
            store.LookUpOrBeginFillAsync(key, lease, budget);

        public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
            store.BeginFillAsync(key, lease, budget);

        public virtual ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
            store.CompleteFillAsync(key, lease, result, budget);

        public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
            store.AbandonFillAsync(key, lease, budget);

        public virtual ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
            store.BeginWriteAsync(key, token, deadline, budget, number);

        public virtual ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
            store.EndWriteAsync(key, token, result, budget, number);

        public ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0) => store.MarkStaleAsync(key, token, budget, number);

        public virtual IIndexVersions? Versions => store.Versions;

        public virtual ValueTask<Registration> RegisterAsync(
            ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
            store.RegisterAsync(key, dependent, life, mostDependents, budget);

        public virtual ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
            store.BeginWriteOnIndexAsync(key, token, deadline, budget);

        public virtual ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
            store.RenewWriteOnIndexAsync(key, token, deadline, budget);

        public virtual ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
            store.EndWriteOnIndexAsync(key, token, changed, budget);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }

    private sealed class LeaselessStore(ICacheStore store) : DamagedStore(store)
    {
        public override async ValueTask<CompleteFillOutcome> CompleteFillAsync(
            ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
        {
            var seen = await LookUpAsync(key, lease.Variant, budget);
            await BeginFillAsync(key, lease with { Seen = seen.Stamp }, budget);
            return await base.CompleteFillAsync(key, lease, result, budget);
        }
    }

    private sealed class FencelessStore(ICacheStore store) : DamagedStore(store)
    {
        public override ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
            new(WriteStep.Done);
    }

    private sealed class EvictionlessStore(ICacheStore store) : DamagedStore(store)
    {
        public override ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
            base.EndWriteAsync(key, token, WriteResult.Unchanged, budget, number);
    }

    private sealed class HastyStore(ICacheStore store) : DamagedStore(store)
    {
        public override ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
            base.EndWriteAsync(key, token, result == WriteResult.Unknown ? WriteResult.Changed : result, budget, number);
    }

    private sealed class ForgetfulStore(ICacheStore store) : DamagedStore(store)
    {
        public override async ValueTask<WriteStep> EndWriteAsync(
            ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
        {
            await base.EndWriteAsync(key, token, result, budget, number);
            return WriteStep.Done;
        }
    }

    private sealed class CredulousStore(ICacheStore store) : DamagedStore(store)
    {
        public override async ValueTask<CompleteFillOutcome> CompleteFillAsync(
            ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
        {
            var outcome = await base.CompleteFillAsync(key, lease, result, budget);
            var isOther = !NewFillToken(key).AsSpan(0, RedisPrimary.NoReplicationId.Length).SequenceEqual(
                lease.Token.AsSpan(0, RedisPrimary.NoReplicationId.Length));
            return isOther ? CompleteFillOutcome.Stored : outcome;
        }
    }

    private sealed class UnvaryingStore(ICacheStore store) : DamagedStore(store)
    {
        public override async ValueTask<CompleteFillOutcome> CompleteFillAsync(
            ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
        {
            var known = await LookUpAsync(key, lease.Variant, budget);
            return await base.CompleteFillAsync(key, lease, result with { Vary = VaryNames.Union(known.Vary, result.Vary) }, budget);
        }
    }
}
