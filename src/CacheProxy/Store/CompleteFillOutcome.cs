namespace CacheProxy.Store;

internal enum CompleteFillOutcome
{
    Stored,

    /// <summary>A write, an eviction or the lease's own deadline came in between: nothing was stored.</summary>
    Revoked,

    Unavailable,
}
