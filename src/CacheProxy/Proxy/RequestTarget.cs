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
        string.Concat((request.Host.Value ?? "").ToLowerInvariant(), " ", PathOf(request));

    /// <summary>Whether a stored response answered this target.</summary>
    public static bool IsSame(HttpRequest request, ReadOnlySpan<char> identity)
    {
        var host = (request.Host.Value ?? "").AsSpan();
        return IsSameHost(request, identity) && identity[(host.Length + 1)..].SequenceEqual(PathOf(request));
    }

    /// <summary>Whether a stored response answered this authority, for whatever path.</summary>
    public static bool IsSameHost(HttpRequest request, ReadOnlySpan<char> identity)
    {
        var host = (request.Host.Value ?? "").AsSpan();
        return identity.Length > host.Length && identity[host.Length] == ' ' && identity.StartsWith(host, StringComparison.OrdinalIgnoreCase);
    }

    // As it arrived: to an API, another spelling may be another resource.
    private static ReadOnlySpan<char> PathOf(HttpRequest request) =>
        TryGetOriginalPath(request.HttpContext, out var path) ? path : request.Path.Value;
}
