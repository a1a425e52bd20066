using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Store;

/// <summary>A store whose indexes are on a node of their own, which may be out of reach or be replaced.</summary>
internal sealed class IndexOutOfReach(ICacheStore store) : ICacheStore, IIndexVersions
{
    public bool IsAway { get; set; }

    public bool TakesNoEvictions { get; set; }

    public string Id { get; set; } = "1";

    public long NowMs => store.NowMs;

    public bool IsAvailable => store.IsAvailable;

    public Task FirstContact => store.FirstContact;

    public IIndexVersions? Versions => this;

    public string? Of(string key) => Id;

    public bool MayDrop(string key) => false;

    public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => store.LookUpAsync(key, variant, budget);

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => store.BeginFillAsync(key, lease, budget);

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        store.CompleteFillAsync(key, lease, result, budget);

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => store.AbandonFillAsync(key, lease, budget);

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        store.BeginWriteAsync(key, token, deadline, budget, number);

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
        TakesNoEvictions ? new(WriteStep.Unavailable) : store.EndWriteAsync(key, token, result, budget, number);

    public ValueTask<Registration> RegisterAsync(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
        IsAway ? new(new Registration(RegistrationOutcome.Unavailable)) : store.RegisterAsync(key, dependent, life, mostDependents, budget);

    public ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        IsAway ? new(IndexedWrite.Unavailable) : store.BeginWriteOnIndexAsync(key, token, deadline, budget);

    public ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        IsAway ? new(IndexRenewal.Unavailable) : store.RenewWriteOnIndexAsync(key, token, deadline, budget);

    public ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        IsAway ? new(IndexedWrite.Unavailable) : store.EndWriteOnIndexAsync(key, token, changed, budget);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
