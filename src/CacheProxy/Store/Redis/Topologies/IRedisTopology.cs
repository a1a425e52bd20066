namespace CacheProxy.Store.Redis.Topologies;

/// <summary>One Redis, a primary with replicas, or a cluster: finds the primary of each key and its replication id.</summary>
internal interface IRedisTopology : IAsyncDisposable
{
    /// <summary>Whether the failure of one node affects only that node's keys.</summary>
    bool IsCluster { get; }

    /// <summary>How long an answer may be used while nothing fails.</summary>
    TimeSpan LearnsEvery { get; }

    /// <summary>Asks the nodes. Throws what the client library throws, or <see cref="NoSinglePrimaryException"/>.</summary>
    /// <param name="learns">Whether roles may have changed without the client library's knowledge.</param>
    /// <param name="timeout">How long each node may take.</param>
    Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout);
}

/// <summary>
/// No node claims to be the primary, or several do; then only the sentinels know which one is right, and none is used. Also thrown while
/// the only claimant is too new to be used.
/// </summary>
internal sealed class NoSinglePrimaryException(int primaries) : Exception($"{primaries} primaries");
