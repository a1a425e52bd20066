using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Writing;

/// <summary>
/// RFC 9875 §3: a successful answer to an unsafe request evicts the groups that it names in <c>Cache-Group-Invalidation</c>, before its client
/// has a byte of it. Groups are tags of the tenant, or of the host, as everybody's keys name them; so no answer reaches another tenant's.
/// </summary>
internal sealed class GroupInvalidation(ResourceCache cache, CacheEventLog events, WriteMetrics metrics, TimeProvider time) : ResponseTransform
{
    private readonly WriteServices _services = new(cache, events, metrics, time);

    public override ValueTask ApplyAsync(ResponseTransformContext context) =>
        !Methods.IsSafe(context.HttpContext.Request.Method)
        && context.ProxyResponse is not null
        && context.HttpContext.Response.Headers[ResponseTags.GroupInvalidation] is { Count: > 0 } lines
        && AffectedResources.IsNonError(context.HttpContext.Response.StatusCode)
        && context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>() is { } route
            ? EvictAsync(context, route, lines)
            : default;

    private async ValueTask EvictAsync(ResponseTransformContext context, RouteCaching route, StringValues lines)
    {
        var groups = new HashSet<string>();
        // RFC 9651 §4.2: a field that cannot be read is no field.
        if (!ResponseTags.TryAddStrings(lines, groups))
        {
            return;
        }

        var status = context.HttpContext.Response.StatusCode;
        await using var write = new WriteFence(_services, route.Rules.StoreTimeout, [], isSet: false);
        await write.EvictAsync([.. EvictionTargets.OfTags(context.HttpContext, route, groups)]);
        if (!await write.IsThroughAsync(context.HttpContext.RequestAborted))
        {
            context.SuppressResponseBody = true;
            WriteGate.Refuse(context.HttpContext.Response, status);
        }
    }
}
