namespace CacheProxy.Configuration.Policies;

/// <summary>How far concurrent misses of one variant share one upstream request.</summary>
internal enum CoalesceScope
{
    /// <summary>Within this process.</summary>
    Process,

    /// <summary>Across all replicas of the store: a replica waits, for a bounded time, for another's fill.</summary>
    Cluster,
}
