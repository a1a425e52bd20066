using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency;

internal sealed class ExploredMemoryStore : IExploredStore
{
    private readonly MemoryStore _store;

    public ExploredMemoryStore(Func<ICacheStore, ICacheStore> damage)
    {
        _store = new MemoryStore(Time);
        Store = damage(_store);
    }

    public ICacheStore Store { get; }

    public FakeTimeProvider Time { get; } = new();

    public ResourceKey Key { get; } = new("demo:customer:123");

    public ValueTask DeleteAsync()
    {
        _store.Delete(Key);
        return default;
    }

    public ValueTask<bool> HoldsNothingButTheEntryAsync() => new(_store.HoldsOnlyEntries(Key));

    public ValueTask<bool> AdvanceAsync(TimeSpan time)
    {
        Time.Advance(time);
        _store.Sweep();
        return new(_store.Count > 0);
    }
}
