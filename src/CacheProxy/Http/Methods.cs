namespace CacheProxy.Http;

/// <summary>Request methods; their names are case-sensitive (RFC 9110 §9.1).</summary>
internal static class Methods
{
    /// <summary>RFC 9110 §9.2.1. What nobody knows may change something.</summary>
    public static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";
}
