namespace CacheProxy.Store;

/// <summary>A resource whose eviction the store does not have yet.</summary>
internal sealed class PendingEviction
{
    /// <summary>The token of the latest write.</summary>
    public string Token { get; set; } = "";

    /// <summary>Writes that are still with the API. While there is one, an eviction would come too early.</summary>
    public int WritesUnderWay { get; set; }

    /// <summary>Counts the writes, so that an eviction under way is not taken for one that came after the next write.</summary>
    public int Generation { get; set; }

    /// <summary>
    /// Timestamp before which it is not evicted, because the API may still be at a write that nobody waits for; <c>null</c> while no
    /// write has ended.
    /// </summary>
    public long? DueTimestamp { get; set; }

    /// <summary>Timestamp from which whatever the store held has expired by itself.</summary>
    public long MootTimestamp { get; set; }
}
