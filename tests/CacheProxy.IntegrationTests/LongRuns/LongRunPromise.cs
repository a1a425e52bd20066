namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What a read may rely on.</summary>
internal enum LongRunPromise
{
    /// <summary>
    /// While Redis keeps what it is told, a fence stands from before the API commits to after the eviction: a read returns nothing older
    /// than what was committed when it began, whether the writer has been answered, has gone or was killed.
    /// </summary>
    Committed,

    /// <summary>
    /// What writers were told: the replica that the write went through knows of it at once, the others as soon as the eviction that it
    /// may have pending has reached Redis.
    /// </summary>
    BestEffort,

    /// <summary>
    /// As above, and all replicas know of it at once unless Redis went away while the write was under way, with the fence that had been set.
    /// </summary>
    Strict,
}
