namespace CacheProxy.Http;

/// <summary>Whether a request asks to be taken as one of another method.</summary>
internal enum OverriddenMethod
{
    None,
    /// <summary>By a safe one; the answer may differ from that to the method in the request line.</summary>
    Safe,
    /// <summary>By one that may change something.</summary>
    Unsafe,
}
