using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Writing;

/// <summary>A store that does not answer: every step of a write waits for as long as it may. Counts how long that was in all.</summary>
internal sealed class SpentPatience : ICacheStore
{
    public TimeSpan Waited { get; private set; }

    public long NowMs => 0;

    public bool IsAvailable => true;

    public ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StorePatience patience) => Spend(patience);

    public ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StorePatience patience) => Spend(patience);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StorePatience patience) => throw new NotSupportedException();

    public Task FirstContact => Task.CompletedTask;

    public string NewFillToken(ResourceKey key) => throw new NotSupportedException();

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StorePatience patience) => throw new NotSupportedException();

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StorePatience patience) =>
        throw new NotSupportedException();

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StorePatience patience) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;

    private ValueTask<StoreOutcome> Spend(StorePatience patience)
    {
        Waited += patience.Remaining;
        patience.Spend(patience.Remaining);
        return new(StoreOutcome.Unavailable);
    }
}
