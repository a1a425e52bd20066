using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Proxy;

/// <summary>The request's target as the client sent it, and as a stored response remembers it.</summary>
internal static class RequestTarget
{
    /// <summary>The raw path of a target in origin form (RFC 9112 §3.2.1); false for every other form.</summary>
    public static bool TryGetOriginalPath(HttpContext context, out ReadOnlySpan<char> path)
    {
        var target = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").AsSpan();
        var query = target.IndexOf('?');
        path = query < 0 ? target : target[..query];
        return path.Length > 0 && path[0] == '/';
    }

    /// <summary>The request's authority and path, as a stored response remembers them.</summary>
    public static string Identity(HttpRequest request) =>
        string.Concat(request.Host.Value, " ", PathOf(request)).ToLowerInvariant();

    /// <summary>Whether a stored response answered this target.</summary>
    public static bool IsSame(HttpRequest request, ReadOnlySpan<char> identity)
    {
        var host = (request.Host.Value ?? "").AsSpan();
        var path = PathOf(request);
        return identity.Length == host.Length + 1 + path.Length
            && identity.StartsWith(host, StringComparison.OrdinalIgnoreCase)
            && identity.EndsWith(path, StringComparison.OrdinalIgnoreCase);
    }

    private static ReadOnlySpan<char> PathOf(HttpRequest request)
    {
        var path = (request.Path.Value ?? "").AsSpan();
        return path.Length > 1 && path[^1] == '/' ? path[..^1] : path;
    }
}
