namespace CacheProxy.Http;

/// <summary>How a stored response answers a request's conditions.</summary>
internal enum ConditionalOutcome
{
    /// <summary>Send the stored response: there is no condition, or it holds.</summary>
    Full,
    /// <summary>Send 304.</summary>
    NotModified,
    /// <summary>The condition is the origin's to decide.</summary>
    Forward,
}
