namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What a read may rely on.</summary>
internal enum LongRunPromise
{
    /// <summary>
    /// While Redis keeps what it is told and no replica holds copies, a fence stands from before the API commits to after the eviction: a read returns nothing older
    /// than what was committed when it began, whether the writer has been answered, has gone or was killed.
    /// </summary>
    Committed,

    /// <summary>
    /// What writers were told: every replica knows of it at once. While Redis keeps what it is told, that is so whether replicas hold copies or not.
    /// </summary>
    Acknowledged,

    /// <summary>
    /// As above, but the replica that the write went through knows of it at once, the others as soon as the eviction that it
    /// may have pending has reached Redis.
    /// </summary>
    BestEffort,

    /// <summary>
    /// As above, and all replicas know of it at once unless Redis went away while the write was under way, with the fence that had been set.
    /// </summary>
    Strict,
}
