using Xunit;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>Starts the product on either store; one redis-server for the tests of a class, empty at the start of each.</summary>
public sealed class ProxyOnStores : IAsyncLifetime
{
    internal RedisServer Redis { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Redis = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => Redis.DisposeAsync();

    internal Task<ProxyUnderTest> StartAsync(StoreKind store, string api, params (string Key, string? Value)[] settings) =>
        StartAsync(store, api, settings, shipped: false);

    /// <summary>With the whole file that is shipped.</summary>
    internal Task<ProxyUnderTest> StartShippedAsync(StoreKind store, string api, params (string Key, string? Value)[] settings) =>
        StartAsync(store, api, settings, shipped: true);

    private async Task<ProxyUnderTest> StartAsync(StoreKind store, string api, (string Key, string? Value)[] settings, bool shipped)
    {
        if (store == StoreKind.Memory)
        {
            return await ProxyUnderTest.StartAsync(api, settings, shipped: shipped);
        }

        await Redis.SendAsync("FLUSHALL");
        // A busy machine must not turn a hit into a forward.
        return await ProxyUnderTest.StartAsync(api, [("CacheProxy:Redis:Timeout", "00:00:10"), .. settings], Redis.ConnectionString, shipped: shipped);
    }
}
