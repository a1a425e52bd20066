using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Store;

/// <summary>A store in which the end of a write waits until the test lets it go on.</summary>
internal sealed class HeldEviction(ICacheStore store) : ICacheStore
{
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long NowMs => store.NowMs;

    public bool IsAvailable => store.IsAvailable;

    public Task FirstContact => store.FirstContact;

    public IReplicaChannel? Channel => store.Channel;

    public ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget) =>
        store.HoldAsync(key, variant, hold, budget);

    public void GoOn() => _goOn.SetResult();

    public async ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
    {
        await _goOn.Task;
        return await store.EndWriteAsync(key, token, result, budget, number);
    }

    public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => store.LookUpAsync(key, variant, budget);

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        store.BeginFillAsync(key, lease, budget);

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        store.CompleteFillAsync(key, lease, result, budget);

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => store.AbandonFillAsync(key, lease, budget);

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        store.BeginWriteAsync(key, token, deadline, budget, number);

    public ValueTask DisposeAsync() => default;
}
