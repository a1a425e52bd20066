using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Writing;

/// <summary>Forwards an unsafe request: fence, forward, evict.</summary>
internal sealed class WriteHandler(ResourceCache cache, CacheEventLog events, WriteMetrics metrics, TimeProvider time)
{
    private const string RetryAfterSeconds = "1";

    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="method">Its method; <c>null</c> when something may override it.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public Task HandleAsync(HttpContext context, RouteCaching route, string? method, RequestDelegate next)
    {
        var targets = EvictionTargets.Find(context, route, method);
        return targets.Length == 0 ? next(context) : ForwardFencedAsync(context, targets, route, next);
    }

    private async Task ForwardFencedAsync(HttpContext context, EvictionTarget[] targets, RouteCaching route, RequestDelegate next)
    {
        await using var write = new WriteFence(cache, events, metrics, time, route.Rules.StoreTimeout, targets);
        if (!await write.TryBeginAsync())
        {
            Refuse(context.Response);
            return;
        }

        var sending = new UpstreamSending();
        context.Features.Set(sending);
        var gate = new WriteGate(context, write, new AffectedTargets(route), sending);
        var threw = true;
        gate.Install();
        try
        {
            await next(context);
            threw = false;
        }
        finally
        {
            gate.Remove();
            await gate.FinishAsync(threw);
        }
    }

    // A strict policy would rather not write than let somebody read what the write replaced.
    private static void Refuse(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = RetryAfterSeconds;
        new CacheStatus(Forward: CacheStatusForward.None, Detail: CacheStatusDetails.StoreUnavailable).AppendTo(response.Headers);
    }
}
