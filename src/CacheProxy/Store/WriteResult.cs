namespace CacheProxy.Store;

/// <summary>What a write is known to have done to its resource.</summary>
internal enum WriteResult
{
    /// <summary>The API answered, and may have changed the resource.</summary>
    Changed,

    /// <summary>The API refused the write (4xx other than 404 and 410).</summary>
    Unchanged,

    /// <summary>The client or the API went away before the answer was complete: the API may still be at it.</summary>
    Unknown,
}
