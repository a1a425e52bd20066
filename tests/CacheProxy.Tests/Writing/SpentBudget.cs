using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Writing;

/// <summary>A store that does not answer: every step of a write waits for as long as it may. Counts how long that was in all.</summary>
internal sealed class SpentBudget : ICacheStore
{
    public TimeSpan Waited { get; private set; }

    public long NowMs => 0;

    public bool IsAvailable => true;

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) => Spend(budget);

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) => Spend(budget);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public Task FirstContact => Task.CompletedTask;

    public string NewFillToken(ResourceKey key) => throw new NotSupportedException();

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        throw new NotSupportedException();

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;

    private ValueTask<WriteStep> Spend(StoreTimeoutBudget budget)
    {
        Waited += budget.Remaining;
        budget.Spend(budget.Remaining);
        return new(WriteStep.Unavailable);
    }
}
