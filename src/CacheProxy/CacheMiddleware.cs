using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Reading;
using CacheProxy.Reading.Comparing;
using CacheProxy.Writing;

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
        return RequestWays.Of(context, route, overridden) switch
        {
            RequestWay.Pass => next(context),
            RequestWay.Read => Read(context, route.Reads!, route, folded, overridden),
            RequestWay.ReadContent => ReadContentAsync(context, route.Reads!, route, folded),
            RequestWay.Write => writes.HandleAsync(context, route, request.Method, next),
            RequestWay.WriteByAnyMethod => writes.HandleAsync(context, route, method: null, next),
            RequestWay.ForwardUpgrade => forwards.ForwardAsync(context, route.Reads!, ForwardReason.Upgrade, next),
            RequestWay.ForwardMethod => forwards.ForwardAsync(context, route.Reads!, ForwardReason.Method, next),
        };
    }

    private async Task ReadContentAsync(HttpContext context, CachePolicy policy, RouteCaching route, FoldedHeaders folded)
    {
        if (!await contentReads.TryHandleAsync(context, policy, route, folded, next))
        {
            await writes.HandleAsync(context, route, MethodOverride.MayBeInBody(context.Request) ? null : context.Request.Method, next);
        }
    }

    private Task Read(HttpContext context, CachePolicy policy, RouteCaching route, FoldedHeaders folded, OverriddenMethod overridden) =>
        CacheRequestReader.TryRead(context, policy, route, folded, overridden, out var request, out var reason)
            ? reads.HandleAsync(request, next)
            : forwards.ForwardAsync(context, policy, reason, next);
}
