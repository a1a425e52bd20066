using CacheProxy.Store;
using CacheProxy.Tests.Store;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>The store in memory on which tests and the explorer play several replicas does what Redis does.</summary>
public sealed class SharedStoreContractTests : StoreContract
{
    private readonly FakeTimeProvider _time = new();
    private SharedStore _shared = null!;

    private protected override ValueTask<ICacheStore> OpenAsync()
    {
        _shared = new SharedStore(_time);
        return new(_shared.ViewOf("1111111111111111"));
    }

    private protected override ValueTask<ICacheStore?> OpenOtherAsync() => new(_shared.ViewOf("2222222222222222"));

    private protected override ValueTask PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return default;
    }

    private protected override ValueTask DeleteAsync()
    {
        _shared.Delete(Key);
        return default;
    }

    private protected override ValueTask<bool> IsIndexGoneAsync()
    {
        _shared.Memory.Sweep();
        return new(_shared.Memory.Indexes == 0);
    }

    private protected override ValueTask<bool> IsGoneAsync()
    {
        _shared.Memory.Sweep();
        return new(_shared.Memory.Count == 0 && !_shared.HoldsAnything);
    }
}
