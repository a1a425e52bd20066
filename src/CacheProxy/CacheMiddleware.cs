using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Reading;
using CacheProxy.Reading.Comparing;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy;

/// <summary>Decides what becomes of a request: no policy, forward; safe method, read; unsafe method, write.</summary>
internal sealed class CacheMiddleware(
    RequestDelegate next, HitHandler reads, ContentReadHandler contentReads, WriteHandler writes, ForwardResponder forwards, SeenRequests? seen = null)
{
    public Task Invoke(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>() is not { } route)
        {
            return next(context);
        }

        return route.Rules.SeesRequests ? seen!.SeeAsync(context, route, Handle(context, route)) : Handle(context, route);
    }

    private Task Handle(HttpContext context, RouteCaching route)
    {
        var request = context.Request;
        var folded = FoldedHeaders.Of(request.Headers);
        var overridden = MethodOverride.Find(request.Headers, request.QueryString, folded);
        if (overridden == OverriddenMethod.None && route.Reads is { } reading && reading.ReadsContentOf(request.Method))
        {
            return ReadContentAsync(context, reading, route, folded);
        }

        if (overridden == OverriddenMethod.Unsafe || MethodOverride.MayBeInBody(request))
        {
            // The API may follow the request line or any of the overrides.
            return writes.HandleAsync(context, route, method: null, next);
        }

        if (!Methods.IsSafe(request.Method))
        {
            if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true })
            {
                // RFC 8441: over HTTP/2 what a GET with Upgrade is over HTTP/1.1.
                return route.Reads is { } connected ? forwards.ForwardAsync(context, connected, ForwardReason.Upgrade, next) : next(context);
            }

            return writes.HandleAsync(context, route, request.Method, next);
        }

        return route.Reads is { } policy ? Read(context, policy, route, folded, overridden) : next(context);
    }

    private async Task ReadContentAsync(HttpContext context, CachePolicy policy, RouteCaching route, FoldedHeaders folded)
    {
        if (!await contentReads.TryHandleAsync(context, policy, route, folded, next))
        {
            await writes.HandleAsync(context, route, MethodOverride.MayBeInBody(context.Request) ? null : context.Request.Method, next);
        }
    }

    private Task Read(HttpContext context, CachePolicy policy, RouteCaching route, FoldedHeaders folded, OverriddenMethod overridden)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            return forwards.ForwardAsync(context, policy, ForwardReason.Method, next);
        }

        return CacheRequestReader.TryRead(context, policy, route, folded, overridden, out var request, out var reason)
            ? reads.HandleAsync(request, next)
            : forwards.ForwardAsync(context, policy, reason, next);
    }
}
