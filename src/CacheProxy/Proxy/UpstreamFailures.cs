using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Security.Authentication;
using CacheProxy.Telemetry;
using Microsoft.AspNetCore.Http.Timeouts;
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
        if (context.Features.Get<IForwarderErrorFeature>() is { } failure && ErrorOf(context, failure) is { } error)
        {
            Report(context, error);
        }
    }

    // To YARP the end of the route's Timeout is a client that went away, which it answers with 400.
    internal static UpstreamError? ErrorOf(HttpContext context, IForwarderErrorFeature failure)
    {
        if (failure.Error != ForwarderError.RequestCanceled
            || context.Features.Get<IHttpRequestTimeoutFeature>() is not { RequestTimeoutToken.IsCancellationRequested: true })
        {
            return UpstreamErrors.Of(failure.Error, failure.Exception);
        }

        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }

        return UpstreamError.HttpResponseTimeout;
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

/// <summary>Counts the requests that the API did not answer.</summary>
internal sealed class UpstreamMetrics
{
    private static readonly UpstreamError[] Errors = Enum.GetValues<UpstreamError>();

    private readonly Counter<long> _failures;

    public UpstreamMetrics(IMeterFactory meters) => _failures = meters.Create(CacheProxyMeter.Name).CreateCounter<long>(
        "cacheproxy.upstream.failures", "{request}", "Requests that the API did not answer, by cluster, destination and error (RFC 9209)");

    /// <summary>Makes every series of a destination exist.</summary>
    public void Begin(string cluster, string destination)
    {
        foreach (var error in Errors)
        {
            if (error != UpstreamError.DestinationUnavailable)
            {
                Add(0, cluster, destination, error);
            }
        }
    }

    /// <summary>Makes the series of a cluster exist that has no available destination.</summary>
    public void Begin(string cluster) => Add(0, cluster, "", UpstreamError.DestinationUnavailable);

    /// <param name="cluster">Its name.</param>
    /// <param name="destination">Its name; empty when none was available.</param>
    /// <param name="error">Why there is no answer.</param>
    public void Failed(string cluster, string destination, UpstreamError error) => Add(1, cluster, destination, error);

    private void Add(int count, string cluster, string destination, UpstreamError error) => _failures.Add(
        count,
        new KeyValuePair<string, object?>("cluster", cluster),
        new KeyValuePair<string, object?>("destination", destination),
        new KeyValuePair<string, object?>("error", UpstreamErrors.ToToken(error)));
}

/// <summary>Why the API did not answer; the words of RFC 9209, 2.3.</summary>
internal enum UpstreamError
{
    /// <summary>Health checks have taken out every destination.</summary>
    DestinationUnavailable,
    DnsError,

    /// <summary>Nothing listens on the port.</summary>
    ConnectionRefused,
    ConnectionTimeout,
    DestinationIpUnroutable,
    TlsCertificateError,
    TlsProtocolError,

    /// <summary>The API hung up before the end of its answer's header.</summary>
    ConnectionTerminated,

    /// <summary>The API was silent for longer than the cluster's ActivityTimeout.</summary>
    ConnectionReadTimeout,

    /// <summary>The API had not answered when the route's Timeout had passed.</summary>
    HttpResponseTimeout,

    /// <summary>The API hung up in the middle of its answer.</summary>
    HttpResponseIncomplete,
    HttpResponseHeaderSectionSize,
    HttpProtocolError,
    HttpUpgradeFailed,
    ProxyInternalError,
}

/// <summary>What the forwarder's errors mean to a client.</summary>
internal static class UpstreamErrors
{
    public static string ToToken(UpstreamError error) => error switch
    {
        UpstreamError.DestinationUnavailable => "destination_unavailable",
        UpstreamError.DnsError => "dns_error",
        UpstreamError.ConnectionRefused => "connection_refused",
        UpstreamError.ConnectionTimeout => "connection_timeout",
        UpstreamError.DestinationIpUnroutable => "destination_ip_unroutable",
        UpstreamError.TlsCertificateError => "tls_certificate_error",
        UpstreamError.TlsProtocolError => "tls_protocol_error",
        UpstreamError.ConnectionTerminated => "connection_terminated",
        UpstreamError.ConnectionReadTimeout => "connection_read_timeout",
        UpstreamError.HttpResponseTimeout => "http_response_timeout",
        UpstreamError.HttpResponseIncomplete => "http_response_incomplete",
        UpstreamError.HttpResponseHeaderSectionSize => "http_response_header_section_size",
        UpstreamError.HttpProtocolError => "http_protocol_error",
        UpstreamError.HttpUpgradeFailed => "http_upgrade_failed",
        UpstreamError.ProxyInternalError => "proxy_internal_error",
    };

    /// <summary><c>null</c> when the API is not at fault: the client went away, sent a broken body, or the protocol had changed.</summary>
    public static UpstreamError? Of(ForwarderError error, Exception? exception) => error switch
    {
        ForwarderError.NoAvailableDestinations => UpstreamError.DestinationUnavailable,
        ForwarderError.Request or ForwarderError.RequestBodyDestination => OfRequest(exception),
        // .NET's client tells a connection that could not be made in time from a silent one by the inner exception alone.
        ForwarderError.RequestTimedOut when exception is { InnerException: TimeoutException } => UpstreamError.ConnectionTimeout,
        ForwarderError.RequestTimedOut => UpstreamError.ConnectionReadTimeout,
        ForwarderError.ResponseHeaders => UpstreamError.HttpProtocolError,
        ForwarderError.ResponseBodyDestination => UpstreamError.HttpResponseIncomplete,
        ForwarderError.RequestCreation => UpstreamError.ProxyInternalError,
        ForwarderError.None
            or ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient
            or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient
            or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeRequestDestination
            or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeResponseClient or ForwarderError.UpgradeResponseDestination
            or ForwarderError.UpgradeActivityTimeout => null,
    };

    private static UpstreamError OfRequest(Exception? exception) => Find<HttpRequestException>(exception) switch
    {
        { HttpRequestError: HttpRequestError.NameResolutionError } => UpstreamError.DnsError,
        { HttpRequestError: HttpRequestError.ConnectionError } => OfSocket(exception),
        // A certificate that is not trusted is found by .NET itself; what the peer or the TLS library refuses comes with a cause.
        { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            Find<AuthenticationException>(exception) is { InnerException: null } ? UpstreamError.TlsCertificateError : UpstreamError.TlsProtocolError,
        { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => UpstreamError.HttpResponseHeaderSectionSize,
        { HttpRequestError: HttpRequestError.ExtendedConnectNotSupported } => UpstreamError.HttpUpgradeFailed,
        { HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError } =>
            UpstreamError.HttpProtocolError,
        _ => UpstreamError.ConnectionTerminated,
    };

    private static UpstreamError OfSocket(Exception? exception) => Find<SocketException>(exception)?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => UpstreamError.ConnectionRefused,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => UpstreamError.DestinationIpUnroutable,
        SocketError.TimedOut => UpstreamError.ConnectionTimeout,
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => UpstreamError.DnsError,
        _ => UpstreamError.ConnectionTerminated,
    };

    private static T? Find<T>(Exception? exception)
        where T : Exception => exception switch
        {
            null => null,
            T found => found,
            AggregateException several => several.InnerExceptions.Select(Find<T>).FirstOrDefault(static found => found is not null),
            _ => Find<T>(exception.InnerException),
        };
}
