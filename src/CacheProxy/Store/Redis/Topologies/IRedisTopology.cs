namespace CacheProxy.Store.Redis.Topologies;

/// <summary>One Redis, a primary with replicas, or a cluster: who answers for a key, and since when.</summary>
internal interface IRedisTopology : IAsyncDisposable
{
    /// <summary>Whether a node that fails takes only its own keys with it.</summary>
    bool IsCluster { get; }

    /// <summary>How long what was learnt may be relied on while nothing fails.</summary>
    TimeSpan LearnsEvery { get; }

    /// <summary>Asks who answers now. Throws what the client library throws, or <see cref="RedisRolesException"/>.</summary>
    /// <param name="learns">Whether something has happened since that the client library may not know of.</param>
    /// <param name="timeout">How long each node may take.</param>
    Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout);
}
