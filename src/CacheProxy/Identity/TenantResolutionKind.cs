namespace CacheProxy.Identity;

/// <summary>How the tenant of a request came out.</summary>
internal enum TenantResolutionKind
{
    /// <summary>No source spoke.</summary>
    Absent,

    /// <summary>Every source that spoke named the same tenant.</summary>
    Found,

    /// <summary>A source spoke, but not a DNS label.</summary>
    Malformed,

    /// <summary>Two sources, or two values of one, named different tenants.</summary>
    Contradictory,
}
