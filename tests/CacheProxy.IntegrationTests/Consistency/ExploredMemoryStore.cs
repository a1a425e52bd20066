using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency;

internal sealed class ExploredMemoryStore : IExploredStore
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _store;

    public ExploredMemoryStore(Func<ICacheStore, ICacheStore> damage)
    {
        _store = new MemoryStore(_time);
        Store = damage(_store);
    }

    public ICacheStore Store { get; }

    public ResourceKey Key { get; } = new("demo:customer:123");

    public ValueTask DeleteAsync()
    {
        _store.Delete(Key);
        return default;
    }

    public ValueTask<bool> HoldsNothingButTheEntryAsync() => new(_store.HoldsOnlyEntries(Key));

    public ValueTask<bool> AdvanceAsync(TimeSpan time)
    {
        _time.Advance(time);
        _store.Sweep();
        return new(_store.Count > 0);
    }
}
