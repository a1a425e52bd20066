using System.Diagnostics.Metrics;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Store.Redis;
using CacheProxy.Telemetry;

namespace CacheProxy.Hosting;

/// <summary>Chooses the store: Redis where a connection string is configured, else the embedded one of this process.</summary>
internal static class StoreSelection
{
    public static ICacheStore Create(IServiceProvider services, RedisOptions options)
    {
        var time = services.GetRequiredService<TimeProvider>();
        return options.ConnectionString.Length == 0
            ? new MemoryStore(time)
            : new RedisStore(options, time, services.GetRequiredService<ILogger<RedisStore>>(), Metrics(services));
    }

    private static StoreMetrics Metrics(IServiceProvider services) =>
        new(services.GetRequiredService<IMeterFactory>().Create(CacheProxyMeter.Name), DurationBuckets.Advice);
}
