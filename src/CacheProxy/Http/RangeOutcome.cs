namespace CacheProxy.Http;

/// <summary>How a complete stored body answers a request's Range.</summary>
internal enum RangeOutcome
{
    /// <summary>No range, or one to be ignored: send the whole body.</summary>
    Whole,
    /// <summary>Send 206 with the one range.</summary>
    Partial,
    /// <summary>Send 416.</summary>
    Unsatisfiable,
}
