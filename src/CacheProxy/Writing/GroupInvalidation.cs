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
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

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

        var targets = EvictionTargets.OfTags(context.HttpContext, route, groups);
        var token = Guid.NewGuid().ToString("N");
        var outcomes = await Task.WhenAll(targets.Select(
            target => cache.EvictAsync(target.Key, token, new StoreTimeoutBudget(route.Rules.StoreTimeout)).AsTask()));
        for (var i = 0; i < outcomes.Length; i++)
        {
            metrics.Evicted(targets[i].Policy.Name, outcomes[i]);
            if (outcomes[i] == StoreOutcome.Done)
            {
                events.Invalidated(targets[i].Policy.Events, targets[i].Tenant, targets[i].Id);
            }
        }

        if (route.Rules.Tags.Policy.Options.WriteConsistency == WriteConsistency.Strict && !await AreThroughAsync(targets, context.CancellationToken))
        {
            Refuse(context);
        }
    }

    private async ValueTask<bool> AreThroughAsync(List<EvictionTarget> targets, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (targets.Exists(target => cache.IsEvictionPending(target.Key)))
        {
            if (cancellationToken.IsCancellationRequested || time.GetElapsedTime(began) >= LongestHold)
            {
                return false;
            }

            await Task.Delay(BetweenLooks, time, CancellationToken.None);
        }

        return true;
    }

    // As every write of a strict policy whose eviction does not reach the store: it is not acknowledged.
    private static void Refuse(ResponseTransformContext context)
    {
        var response = context.HttpContext.Response;
        var status = response.StatusCode;
        context.SuppressResponseBody = true;
        response.Headers.Clear();
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        new CacheStatus(Forward: CacheStatusForward.Method, ForwardStatus: status, Detail: CacheStatusDetails.EvictionOutstanding)
            .AppendTo(response.Headers);
    }
}
