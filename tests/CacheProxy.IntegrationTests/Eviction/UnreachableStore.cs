using System.Collections.Concurrent;
using CacheProxy.Keys;
using CacheProxy.Stores;

namespace CacheProxy.IntegrationTests.Eviction;

/// <summary>A store that cannot be told anything until the test lets it, as a whole or by key.</summary>
internal sealed class UnreachableStore : ICacheStore
{
    private volatile bool _isAvailable;
    private int _attempts;

    public bool IsAvailable
    {
        get => _isAvailable;
        set => _isAvailable = value;
    }

    /// <summary>Keys that are refused although the store is available.</summary>
    public ConcurrentDictionary<string, bool> Refused { get; } = new();

    public ConcurrentQueue<string> Evicted { get; } = new();

    public int Attempts => Volatile.Read(ref _attempts);

    public long NowMs => 0;

    public ValueTask<StoreOutcome> EndWriteAsync(ResourceKey key, string token, WriteResult result, StorePatience patience)
    {
        Interlocked.Increment(ref _attempts);
        if (!IsAvailable || Refused.ContainsKey(key.Value))
        {
            return new(StoreOutcome.Unavailable);
        }

        Evicted.Enqueue(key.Value);
        return new(StoreOutcome.Done);
    }

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StorePatience patience) => throw new NotSupportedException();

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StorePatience patience) => throw new NotSupportedException();

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StorePatience patience) =>
        throw new NotSupportedException();

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StorePatience patience) => throw new NotSupportedException();

    public ValueTask<StoreOutcome> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StorePatience patience) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;
}
