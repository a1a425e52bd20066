namespace CacheProxy.Http;

/// <summary>What may be done with a stored response for one request.</summary>
internal enum FreshnessVerdict
{
    /// <summary>Serve.</summary>
    Fresh,
    /// <summary>Stale, but the request's max-stale takes it: serve.</summary>
    StaleAllowed,
    /// <summary>Serve, and refresh in the background (RFC 5861 §3).</summary>
    StaleWhileRevalidate,
    /// <summary>Ask the origin first.</summary>
    MustRevalidate,
}
