using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Writing;

/// <summary>Forwards an unsafe request: fence, forward, evict.</summary>
internal sealed class WriteHandler(ResourceCache cache, CacheEventLog events, WriteMetrics metrics, TimeProvider time)
{
    private const string RetryAfterSeconds = "1";

    /// <param name="context">The request.</param>
    /// <param name="caching">What its route asks for; <c>null</c> when it asks for nothing.</param>
    /// <param name="method">Its method; <c>null</c> when something may override it.</param>
    /// <param name="configuration">The configuration in force.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public Task HandleAsync(
        HttpContext context, RouteCaching? caching, string? method, ConfigurationSnapshot configuration, RequestDelegate next)
    {
        var targets = EvictionTargets.Find(context, caching, method, configuration);
        return targets.Length == 0 ? next(context) : ForwardFencedAsync(context, targets, caching, configuration, next);
    }

    private async Task ForwardFencedAsync(
        HttpContext context, EvictionTarget[] targets, RouteCaching? caching, ConfigurationSnapshot configuration, RequestDelegate next)
    {
        await using var write = new WriteFence(cache, events, metrics, time, configuration.Options.Redis.Timeout, targets);
        if (!await write.TryBeginAsync())
        {
            Refuse(context.Response);
            return;
        }

        var gate = new WriteGate(context, write, new AffectedTargets(caching, configuration));
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
