using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Security.Authentication;
using CacheProxy.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Proxy;

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
