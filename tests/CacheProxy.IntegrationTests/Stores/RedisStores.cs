using System.Diagnostics;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Stores.Redis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Stores;

/// <summary>Opens Redis stores and waits until they answer.</summary>
internal static class RedisStores
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public static async Task<RedisStore> OpenAsync(
        RedisServer server, TimeSpan? timeout = null, ILogger<RedisStore>? logger = null, TimeProvider? time = null, RedisScripts? scripts = null)
    {
        var options = new RedisOptions { ConnectionString = server.ConnectionString, Timeout = timeout ?? TimeSpan.FromSeconds(5) };
        var store = new RedisStore(options, time ?? TimeProvider.System, logger ?? NullLogger<RedisStore>.Instance, scripts ?? new RedisScripts());
        await UntilAsync(() => store.IsAvailable, "The store did not connect.");
        return store;
    }

    public static Task UntilAsync(Func<bool> condition, string otherwise) => UntilAsync(() => Task.FromResult(condition()), otherwise);

    public static async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(waited.Elapsed < Longest, otherwise);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }
    }
}
