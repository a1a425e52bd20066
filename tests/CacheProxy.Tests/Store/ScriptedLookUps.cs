using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Store;

/// <summary>A store that can only be looked up in, and finds what the test says.</summary>
internal sealed class ScriptedLookUps(Func<LookUpResult> next) : ICacheStore
{
    public long NowMs => 0;

    public bool IsAvailable => true;

    public IReplicaChannel? Channel { get; init; }

    public VariantKey LastAsked { get; private set; }

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget)
    {
        LastAsked = variant;
        return new(next());
    }

    public Task FirstContact => Task.CompletedTask;

    public string NewFillToken(ResourceKey key) => throw new NotSupportedException();

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        throw new NotSupportedException();

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => throw new NotSupportedException();

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        throw new NotSupportedException();

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;
}
