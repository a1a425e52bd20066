namespace CacheProxy.Store;

/// <summary>Whether a step that has nothing to report was carried out.</summary>
internal enum StoreOutcome
{
    Done,

    /// <summary>The store did not answer in time, or answered with an error. The step may still be carried out later.</summary>
    Unavailable,
}
