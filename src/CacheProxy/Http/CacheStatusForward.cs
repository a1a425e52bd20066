namespace CacheProxy.Http;

/// <summary>Why a request went to the origin, in the words of RFC 9211 §2.2.</summary>
internal enum CacheStatusForward
{
    /// <summary>It did not.</summary>
    None,
    /// <summary>The cache was configured not to handle it.</summary>
    Bypass,
    /// <summary>The method's semantics require it.</summary>
    Method,
    /// <summary>Nothing is stored for the resource.</summary>
    UriMiss,
    /// <summary>Something is stored for the resource, but not for these request headers.</summary>
    VaryMiss,
    /// <summary>One of the two, not known which.</summary>
    Miss,
    /// <summary>Something fresh is stored, but the request's directives did not allow its use.</summary>
    Request,
    /// <summary>What is stored is stale.</summary>
    Stale,
    /// <summary>What is stored is only a part.</summary>
    Partial,
}
