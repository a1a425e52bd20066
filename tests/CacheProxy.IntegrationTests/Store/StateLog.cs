using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>The messages of a store.</summary>
internal sealed class StateLog : FakeLogger, ILogger<RedisStore>
{
    public string[] Events => [.. Collector.GetSnapshot().Select(static record => record.Message)];
}
