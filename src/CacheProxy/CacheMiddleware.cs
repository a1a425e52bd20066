using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Reading;
using CacheProxy.Writing;

namespace CacheProxy;

/// <summary>The fork of the way: no policy, forward; safe method, read; unsafe, write.</summary>
internal sealed class CacheMiddleware(RequestDelegate next, CurrentConfiguration current, ReadHandler reads, WriteHandler writes, ForwardResponder forwards)
{
    public Task Invoke(HttpContext context)
    {
        var caching = context.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>();
        if (caching is { Policy: null, Evicts.IsEmpty: true })
        {
            caching = null;
        }

        var request = context.Request;
        if (MethodOverride.Find(request.Headers, request.QueryString) == OverriddenMethod.Unsafe || MethodOverride.MayBeInBody(request))
        {
            // Whether the API follows the request line or the override, and which of several, is not known.
            return writes.HandleAsync(context, caching, method: null, current.Value, next);
        }

        if (!Methods.IsSafe(request.Method))
        {
            return writes.HandleAsync(context, caching, request.Method, current.Value, next);
        }

        return caching?.Policy is { } policy ? Read(context, policy) : next(context);
    }

    private Task Read(HttpContext context, CachePolicy policy)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            return forwards.ForwardAsync(context, policy, ForwardReason.Method, next);
        }

        return CacheRequestReader.TryRead(context, policy, current.Value, out var request, out var reason)
            ? reads.HandleAsync(request!, next)
            : forwards.ForwardAsync(context, policy, reason, next);
    }
}
