using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Store;

/// <summary>A shared store as one replica sees it.</summary>
internal sealed class ReplicaView(SharedStore shared, ReplicaChannel channel) : ICacheStore
{
    public string Replica => channel.Replica;

    /// <summary>As the test sees it, which may close it.</summary>
    public ReplicaChannel Bus => channel;

    public IReplicaChannel? Channel => channel;

    public long NowMs => shared.Memory.NowMs;

    public bool IsAvailable => true;

    public Task FirstContact => Task.CompletedTask;

    public IIndexVersions? Versions => shared.Memory.Versions;

    public string NewFillToken(ResourceKey key) => shared.Memory.NewFillToken(key);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) =>
        shared.Take(store => store.LookUpAsync(key, variant, budget));

    public ValueTask<LookUpResult> LookUpOrBeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        shared.Take(store => store.LookUpOrBeginFillAsync(key, lease, budget));

    public ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget) => new(shared.Hold(
        key,
        Replica,
        hold,
        store => store.LookUpAsync(key, variant, budget),
        static found => found.Outcome == LookUpOutcome.Found,
        static found => found with { IsHeld = true }));

    public ValueTask<TagState> HoldTagAsync(ResourceKey tag, HoldRequest hold, StoreTimeoutBudget budget) => new(shared.Hold(
        tag,
        Replica,
        hold,
        store => store.LookUpTagAsync(tag, budget),
        static found => found.Outcome == TagOutcome.InForce,
        static found => found with { IsHeld = true }));

    public ValueTask ReleaseAsync(ResourceKey key, long number, StoreTimeoutBudget budget)
    {
        shared.Release(key, Replica, number);
        return default;
    }

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        shared.Take(store => store.BeginFillAsync(key, lease, budget));

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        shared.Take(store => store.CompleteFillAsync(key, lease, result, budget));

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        shared.Take(store => store.AbandonFillAsync(key, lease, budget));

    public ValueTask<TagState> LookUpTagAsync(ResourceKey tag, StoreTimeoutBudget budget) => shared.Take(store => store.LookUpTagAsync(tag, budget));

    public ValueTask<TagState> OpenTagAsync(ResourceKey tag, TimeSpan keep, StoreTimeoutBudget budget) =>
        shared.Take(store => store.OpenTagAsync(tag, keep, budget));

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        new(shared.Write(key, Replica, number, evicts: false, store => store.BeginWriteAsync(key, token, deadline, budget, number)));

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
        new(shared.Write(key, Replica, number, evicts: result != WriteResult.Unchanged, store => store.EndWriteAsync(key, token, result, budget, number)));

    public ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0) =>
        new(shared.Write(key, Replica, number, evicts: false, store => store.MarkStaleAsync(key, token, budget, number)));

    public IAsyncEnumerable<ResourceKey> KeysAsync(string pattern, CancellationToken cancellation) => shared.Memory.KeysAsync(pattern, cancellation);

    public ValueTask<StoredResource?> InspectAsync(ResourceKey key, StoreTimeoutBudget budget) => shared.Take(store => store.InspectAsync(key, budget));

    public ValueTask<Registration> RegisterAsync(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
        shared.Take(store => store.RegisterAsync(key, dependent, life, mostDependents, budget));

    public ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        shared.Take(store => store.BeginWriteOnIndexAsync(key, token, deadline, budget));

    public ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        shared.Take(store => store.RenewWriteOnIndexAsync(key, token, deadline, budget));

    public ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        shared.Take(store => store.EndWriteOnIndexAsync(key, token, changed, budget));

    public ValueTask DisposeAsync() => default;
}
