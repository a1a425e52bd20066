namespace CacheProxy.Store;

internal enum LookUpOutcome
{
    /// <summary>Nothing stored for this variant.</summary>
    Miss,

    /// <summary>Stored; whether it is fresh is for the caller to judge.</summary>
    Found,

    /// <summary>A write is under way, or may still be.</summary>
    Fenced,

    Unavailable,
}
