using CacheProxy.Configuration;
using CacheProxy.Eviction;
using CacheProxy.HttpRules;
using CacheProxy.Policies;

namespace CacheProxy.Caching;

/// <summary>The fork of the way: no policy, forward; safe method, read; unsafe, write.</summary>
internal sealed class CacheMiddleware(RequestDelegate next, CurrentConfiguration current, ReadHandler reads, WriteHandler writes, ForwardResponder forwards)
{
    public Task Invoke(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>() is not { } caching || caching is { Policy: null, Evicts.IsEmpty: true })
        {
            return next(context);
        }

        var configuration = current.Value;
        var method = context.Request.Method;
        if (MethodOverride.Find(context.Request.Headers, context.Request.QueryString, out var overriding) == OverriddenMethod.Unsafe)
        {
            return writes.HandleAsync(context, caching, overriding.ToUpperInvariant(), configuration, next);
        }

        if (!Methods.IsSafe(method))
        {
            return writes.HandleAsync(context, caching, method, configuration, next);
        }

        if (caching.Policy is not { } policy)
        {
            return next(context);
        }

        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            return forwards.ForwardAsync(context, policy, ForwardReason.Method, next);
        }

        return CacheRequestReader.TryRead(context, policy, configuration, out var request, out var reason)
            ? reads.HandleAsync(request!, next)
            : forwards.ForwardAsync(context, policy, reason, next);
    }
}
