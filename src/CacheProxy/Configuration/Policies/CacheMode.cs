namespace CacheProxy.Configuration.Policies;

/// <summary>What a policy does with the store.</summary>
internal enum CacheMode
{
    /// <summary>Look up, serve, fill and evict.</summary>
    On,

    /// <summary>Forward everything; writes still evict, so that switching back on serves nothing old.</summary>
    Off,

    /// <summary>Store and compare, never serve: reports the would-be hit rate and mismatches.</summary>
    Shadow,
}
