namespace CacheProxy.Http;

/// <summary>Who said how long a response stays fresh.</summary>
internal enum FreshnessSource
{
    /// <summary>Nobody: it is stale from the start.</summary>
    None,
    /// <summary>max-age, s-maxage or Expires, readable or not.</summary>
    Origin,
    Policy,
    /// <summary>Guessed from Last-Modified.</summary>
    Heuristic,
}
