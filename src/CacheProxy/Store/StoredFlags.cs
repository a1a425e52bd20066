namespace CacheProxy.Store;

/// <summary>What the origin asked of whoever serves a stored response.</summary>
[Flags]
internal enum StoredFlags
{
    None = 0,

    /// <summary>Never served stale (RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10).</summary>
    MustRevalidate = 1,

    /// <summary>Never served without successful validation (RFC 9111 §5.2.2.4).</summary>
    NoCache = 2,
}
