namespace CacheProxy.Http;

/// <summary>What RFC 9110 §15 says of each status code's caching.</summary>
internal static class StatusRules
{
    /// <summary>RFC 9110 §15.1, without 206, which is never stored.</summary>
    public static bool IsHeuristicallyCacheable(int status) =>
        status is 200 or 203 or 204 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    /// <summary>Final status codes of RFC 9110 §15 whose caching requirements are met here: not 206, and 304 stands for another.</summary>
    public static bool IsUnderstood(int status) =>
        status is (>= 200 and <= 205) or (>= 300 and <= 303) or 305 or 307 or 308
            or (>= 400 and <= 417) or 421 or 422 or 426 or (>= 500 and <= 505);
}
