namespace CacheProxy.Http;

/// <summary>RFC 9110 §13 and RFC 9111 §4.3.2: a request's own conditions, answered from a stored response.</summary>
internal static class ConditionalRequest
{
    /// <summary>If-Range is not among them: it is a condition on Range alone.</summary>
    public static bool IsPresent(IHeaderDictionary request) =>
        request.IfNoneMatch.Count > 0 || request.IfModifiedSince.Count > 0 || MustForward(request);

    /// <summary>RFC 9111 §4.3.2: If-Match and If-Unmodified-Since are for the origin, not for a cache.</summary>
    public static bool MustForward(IHeaderDictionary request) =>
        request.IfMatch.Count > 0 || request.IfUnmodifiedSince.Count > 0;

    /// <param name="request">The headers of a GET or HEAD.</param>
    /// <param name="storedStatus">Conditions only apply where the answer would be a 2xx (RFC 9110 §13.2.1).</param>
    /// <param name="stored">Of the stored response.</param>
    /// <param name="nowMs">Unix milliseconds.</param>
    public static ConditionalOutcome Evaluate(IHeaderDictionary request, int storedStatus, in Validators stored, long nowMs)
    {
        if (MustForward(request))
        {
            return ConditionalOutcome.Forward;
        }

        if (storedStatus is < 200 or > 299)
        {
            return ConditionalOutcome.Full;
        }

        var ifNoneMatch = request.IfNoneMatch;
        var isUnchanged = ifNoneMatch.Count > 0
            // RFC 9110 §13.1.3: beside If-None-Match, If-Modified-Since is ignored.
            ? EntityTag.IsInList(ifNoneMatch, stored.ETag)
            : IsUnmodified(request, in stored, nowMs);
        return isUnchanged ? ConditionalOutcome.NotModified : ConditionalOutcome.Full;
    }

    /// <summary>RFC 9111 §4.3.2: without Last-Modified the stored Date is compared. A field that is not a single date is ignored.</summary>
    private static bool IsUnmodified(IHeaderDictionary request, in Validators stored, long nowMs)
    {
        var since = request.IfModifiedSince;
        return since.Count == 1
            && HttpDate.TryParse(since[0], nowMs, out var sinceMs)
            && HttpDate.TryParse(stored.LastModified ?? stored.Date, nowMs, out var modifiedMs)
            && modifiedMs <= sinceMs;
    }
}

/// <summary>How a stored response answers a request's conditions.</summary>
internal enum ConditionalOutcome
{
    /// <summary>Send the stored response: there is no condition, or it holds.</summary>
    Full,
    /// <summary>Send 304.</summary>
    NotModified,
    /// <summary>The origin decides the condition.</summary>
    Forward,
}

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
