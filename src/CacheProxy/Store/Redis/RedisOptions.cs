namespace CacheProxy.Store.Redis;

/// <summary>The Redis that replicas share (<c>CacheProxy:Redis</c>).</summary>
internal sealed record RedisOptions
{
    /// <summary>A StackExchange.Redis configuration string. Default: empty, the embedded in-memory store of one process.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>Put before every key. Default: empty.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>How long one request may wait for Redis, over all its steps; 1 ms to 10 s. Default: 250 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(250);
}
