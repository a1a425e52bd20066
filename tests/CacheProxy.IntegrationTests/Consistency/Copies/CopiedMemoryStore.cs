using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Store;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

internal sealed class CopiedMemoryStore : ICopiedStore
{
    private readonly SharedStore _shared;
    private int _started;

    public CopiedMemoryStore(TimeSpan grace, SharedStoreDamage damage)
    {
        _shared = new SharedStore(Time, damage) { GraceLength = grace };
        _shared.Bus.KeepsRepeats = false;
    }

    public FakeTimeProvider Time { get; } = new();

    public ReplicaBus Bus => _shared.Bus;

    public ResourceKey Key { get; } = new("demo:customer:123");

    public ResourceKey Tag { get; } = new("tag:demo:vip");

    public ICacheStore Start(int number) => _shared.ViewOf((++_started).ToString("x16", CultureInfo.InvariantCulture));

    public ValueTask RenewAsync() => default;

    // What it has granted before it came into use it knows by itself.
    public ValueTask ProbeAsync(int number) => default;

    public ValueTask<bool> HoldsNothingButEntriesAsync() => new(
        _shared.Memory.HoldsOnlyEntries(Key) && _shared.Memory.HoldsOnlyEntries(Tag) && !_shared.HoldsAnything);

    public ValueTask AdvanceAsync(TimeSpan time)
    {
        Time.Advance(time);
        return default;
    }

    public ValueTask DeleteAsync()
    {
        _shared.Delete(Key);
        _shared.Delete(Tag);
        return default;
    }

    public ValueTask SaveAsync()
    {
        _shared.Save();
        return default;
    }

    public ValueTask RestartAsync(bool withMemory)
    {
        _shared.Restart(withMemory);
        return default;
    }
}
