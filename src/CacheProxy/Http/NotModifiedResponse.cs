namespace CacheProxy.Http;

/// <summary>The answer to a client that has the representation already (RFC 9110 §15.4.5).</summary>
internal static class NotModifiedResponse
{
    /// <summary>Turns a response whose headers are those of the whole representation into a 304.</summary>
    public static void Make(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        response.ContentLength = null;
        response.Headers.Remove("Content-Type");
        response.Headers.Remove("Content-Encoding");
        response.Headers.Remove("Content-Language");
        response.Headers.Remove("Content-Range");
    }
}
