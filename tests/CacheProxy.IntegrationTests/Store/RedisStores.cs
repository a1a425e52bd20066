using CacheProxy.Http;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>Opens Redis stores and waits until they are available.</summary>
internal static class RedisStores
{
    public static async Task<RedisStore> OpenAsync(
        RedisServer server,
        TimeSpan? timeout = null,
        ILogger<RedisStore>? logger = null,
        TimeProvider? time = null,
        RedisScripts? scripts = null,
        string protocol = RespProtocols.Newest)
    {
        var options = new RedisOptions { ConnectionString = server.ConnectionString + protocol, Timeout = timeout ?? TimeSpan.FromSeconds(5) };
        var store = new RedisStore(options, time ?? TimeProvider.System, logger ?? NullLogger<RedisStore>.Instance, scripts ?? new RedisScripts());
        await Eventually.TrueAsync(() => store.IsAvailable, "The store did not connect.");
        return store;
    }

    /// <summary>A small entry, fresh by the store's clock.</summary>
    public static StoredResponse Entry(ICacheStore store, long lifetimeMs = 300_000) => new()
    {
        Status = 200,
        Headers = [new HeaderField("Content-Type", "application/json")],
        Body = "{}"u8.ToArray(),
        ResponseTimeMs = store.NowMs,
        InitialAgeMs = 0,
        LifetimeMs = lifetimeMs,
        Target = "localhost /api/customers/123",
    };
}
