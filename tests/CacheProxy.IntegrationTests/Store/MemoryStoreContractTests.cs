using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public sealed class MemoryStoreContractTests : StoreContract
{
    private readonly FakeTimeProvider _time = new();
    private MemoryStore _store = null!;

    private protected override ValueTask<ICacheStore> OpenAsync()
    {
        _store = new MemoryStore(_time);
        return new(_store);
    }

    private protected override ValueTask<ICacheStore?> OpenOtherAsync() => default;

    private protected override ValueTask PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return default;
    }

    private protected override ValueTask DeleteAsync()
    {
        _store.Delete(Key);
        return default;
    }

    private protected override ValueTask<bool> IsIndexGoneAsync()
    {
        _store.Sweep();
        var gone = _store.Indexes == 0;
        Assert.True(!gone || _store.Bytes == 0, "Bytes are counted that nobody holds.");
        return new(gone);
    }

    private protected override ValueTask<bool> IsGoneAsync()
    {
        _store.Sweep();
        var gone = _store.Count == 0;
        Assert.True(!gone || _store.Bytes == 0, "Bytes are counted that nobody holds.");
        return new(gone);
    }
}
