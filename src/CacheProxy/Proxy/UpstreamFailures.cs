using System.Collections.Concurrent;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Proxy;

/// <summary>
/// Reports every request that the API did not answer: to the client in Proxy-Status (RFC 9209), to the operator by a counter and a log
/// event, at most once a minute for each destination and reason.
/// </summary>
internal sealed partial class UpstreamFailures(
    RequestDelegate next, UpstreamMetrics metrics, TimeProvider time, ILogger<UpstreamFailures> logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Cluster, string Destination, UpstreamError Error), long> _logged = new();

    public async Task Invoke(HttpContext context)
    {
        await next(context);
        if (context.Features.Get<IForwarderErrorFeature>() is { } failure && UpstreamErrors.Of(failure.Error, failure.Exception) is { } error)
        {
            Report(context, error);
        }
    }

    private void Report(HttpContext context, UpstreamError error)
    {
        // Part of the answer may be on its way already; the client then sees it break off.
        if (!context.Response.HasStarted)
        {
            context.Response.Headers.Append("Proxy-Status", $"cacheproxy; error={UpstreamErrors.ToToken(error)}");
        }

        var proxied = context.GetReverseProxyFeature();
        var cluster = proxied.Cluster.Config.ClusterId;
        var destination = proxied.ProxiedDestination;
        metrics.Failed(cluster, destination?.DestinationId ?? "", error);
        if (!IsDue((cluster, destination?.DestinationId ?? "", error)))
        {
            return;
        }

        if (destination is null)
        {
            NoDestination(logger, cluster);
        }
        else
        {
            Failed(logger, destination.Model.Config.Address, UpstreamErrors.ToToken(error), destination.DestinationId, cluster);
        }
    }

    private bool IsDue((string, string, UpstreamError) key)
    {
        var now = time.GetTimestamp();
        while (true)
        {
            if (_logged.TryGetValue(key, out var last))
            {
                if (time.GetElapsedTime(last, now) < LogInterval)
                {
                    return false;
                }

                if (_logged.TryUpdate(key, now, last))
                {
                    return true;
                }
            }
            else if (_logged.TryAdd(key, now))
            {
                return true;
            }
        }
    }

    // No message of an exception: it may quote what the API sent.
    [LoggerMessage(
        4000,
        LogLevel.Warning,
        "The API at {Address} does not answer: {Error} (destination {Destination} of cluster {Cluster}; reported at most once a minute)")]
    private static partial void Failed(ILogger logger, string address, string error, string destination, string cluster);

    [LoggerMessage(
        4001,
        LogLevel.Warning,
        "Cluster {Cluster} has no available destination; its requests are answered 503 (reported at most once a minute)")]
    private static partial void NoDestination(ILogger logger, string cluster);
}
