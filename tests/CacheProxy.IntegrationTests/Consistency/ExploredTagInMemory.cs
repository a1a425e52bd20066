using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>An entry and its tag in the memory of one process. What is deleted by hand is the tag.</summary>
internal sealed class ExploredTagInMemory : IExploredStore
{
    private readonly MemoryStore _store;

    public ExploredTagInMemory() => _store = new MemoryStore(Time);

    public static ResourceKey Tag { get; } = new("tag|demo|vip");

    public ICacheStore Store => _store;

    public FakeTimeProvider Time { get; } = new();

    public ResourceKey Key { get; } = new("demo:customer:123");

    public ValueTask DeleteAsync()
    {
        _store.Delete(Tag);
        return default;
    }

    public ValueTask<bool> HoldsNothingButTheEntryAsync() => new(_store.HoldsOnlyEntries(Key));

    public ValueTask<bool> AdvanceAsync(TimeSpan time)
    {
        Time.Advance(time);
        return new(_store.Count > 0);
    }
}
