namespace CacheProxy.Http;

/// <summary>RFC 9111 §4.4: what else a successful unsafe request may have changed.</summary>
internal static class AffectedResources
{
    /// <summary>RFC 9111 §4.4: 2xx and 3xx.</summary>
    public static bool IsNonError(int status) => status is >= 200 and <= 399;

    /// <summary>
    /// Path and query of Location and Content-Location where they are of the request's own origin, or null. Only host and
    /// port are compared, not the scheme: where TLS ends in front of us, the API's own URLs are https and ours are not.
    /// </summary>
    public static (string? Location, string? ContentLocation) Of(HttpRequest request, IHeaderDictionary response)
    {
        var location = response.Location;
        var contentLocation = response.ContentLocation;
        if (location.Count == 0 && contentLocation.Count == 0)
        {
            return default;
        }
        // The target is only the base for relative references. A malformed host leaves nothing to compare with.
        var target = $"{request.Scheme}://{request.Host.Value}{request.PathBase.ToUriComponent()}{request.Path.ToUriComponent()}{request.QueryString}";
        return Uri.TryCreate(target, UriKind.Absolute, out var uri)
            ? (SameOrigin(uri, location.ToString()), SameOrigin(uri, contentLocation.ToString()))
            : default;
    }

    /// <summary>A reference as in the response's header, resolved against the request's target; null when it is absent or of another origin.</summary>
    public static string? SameOrigin(Uri target, string? reference)
    {
        if (string.IsNullOrWhiteSpace(reference) || !Uri.TryCreate(target, reference.Trim(), out var resolved))
        {
            return null;
        }

        var isSame = resolved.Scheme is "http" or "https"
            && resolved.Host.Equals(target.Host, StringComparison.OrdinalIgnoreCase)
            && (resolved.Port == target.Port || (resolved.IsDefaultPort && target.IsDefaultPort));
        return isSame ? resolved.PathAndQuery : null;
    }
}
