using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Reading;

/// <summary>What a request on a route that caches or evicts is taken for.</summary>
internal enum RequestWay
{
    /// <summary>A read that no policy answers: forwarded as if there were no cache.</summary>
    Pass,

    Read,

    /// <summary>A read whose content is part of the question.</summary>
    ReadContent,

    Write,

    /// <summary>What the API may take for a write by any method: it may follow the request line or any of the overrides.</summary>
    WriteByAnyMethod,

    /// <summary>RFC 8441: over HTTP/2 what a GET with Upgrade is over HTTP/1.1.</summary>
    ForwardUpgrade,

    /// <summary>A safe method by which nothing is read from the cache.</summary>
    ForwardMethod,
}

internal static class RequestWays
{
    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="overridden">What its head says of another method.</param>
    public static RequestWay Of(HttpContext context, RouteCaching route, OverriddenMethod overridden)
    {
        var request = context.Request;
        if (overridden == OverriddenMethod.None && route.Reads is { } reading && reading.ReadsContentOf(request.Method))
        {
            return RequestWay.ReadContent;
        }

        if (overridden == OverriddenMethod.Unsafe || MethodOverride.MayBeInBody(request))
        {
            return RequestWay.WriteByAnyMethod;
        }

        if (!Methods.IsSafe(request.Method))
        {
            return context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true } ? RequestWay.Write
                : route.Reads is null ? RequestWay.Pass
                : RequestWay.ForwardUpgrade;
        }

        return route.Reads is null ? RequestWay.Pass
            : HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? RequestWay.Read
            : RequestWay.ForwardMethod;
    }
}
