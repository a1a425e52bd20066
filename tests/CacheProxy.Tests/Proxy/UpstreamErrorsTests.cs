using System.Net.Sockets;
using System.Security.Authentication;
using CacheProxy.Proxy;
using Xunit;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Tests.Proxy;

public sealed class UpstreamErrorsTests
{
    public static TheoryData<Exception, string> Exceptions => new()
    {
        { Connecting(SocketError.ConnectionRefused), "connection_refused" },
        { Connecting(SocketError.HostUnreachable), "destination_ip_unroutable" },
        { Connecting(SocketError.NetworkUnreachable), "destination_ip_unroutable" },
        { Connecting(SocketError.TimedOut), "connection_timeout" },
        { new HttpRequestException(HttpRequestError.NameResolutionError), "dns_error" },
        { new HttpRequestException(HttpRequestError.SecureConnectionError, null, new AuthenticationException()), "tls_certificate_error" },
        {
            new HttpRequestException(HttpRequestError.SecureConnectionError, null, new AuthenticationException("", new IOException())),
            "tls_protocol_error"
        },
        { new HttpRequestException(HttpRequestError.ResponseEnded), "connection_terminated" },
        { new HttpRequestException("reset", new IOException("", new SocketException((int)SocketError.ConnectionReset))), "connection_terminated" },
        { new HttpRequestException(HttpRequestError.InvalidResponse), "http_protocol_error" },
        { new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded), "http_response_header_section_size" },
        { new AggregateException(new IOException(), Connecting(SocketError.ConnectionRefused)), "connection_refused" },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void What_went_wrong_is_told_in_the_words_of_RFC_9209(Exception exception, string token) =>
        Assert.Equal(token, UpstreamErrors.ToToken(UpstreamErrors.Of(ForwarderError.Request, exception)!.Value));

    [Fact]
    public void A_connection_that_could_not_be_made_in_time_is_told_from_a_silent_one()
    {
        Assert.Equal(
            UpstreamError.ConnectionTimeout,
            UpstreamErrors.Of(ForwarderError.RequestTimedOut, new TaskCanceledException("", new TimeoutException())));
        Assert.Equal(UpstreamError.ConnectionReadTimeout, UpstreamErrors.Of(ForwarderError.RequestTimedOut, new TaskCanceledException()));
    }

    [Theory]
    [InlineData(ForwarderError.RequestCanceled)]
    [InlineData(ForwarderError.RequestBodyClient)]
    [InlineData(ForwarderError.ResponseBodyClient)]
    public void What_the_client_did_is_no_failure_of_the_API(ForwarderError error) =>
        Assert.Null(UpstreamErrors.Of(error, new IOException()));

    private static HttpRequestException Connecting(SocketError error) =>
        new(HttpRequestError.ConnectionError, null, new SocketException((int)error));
}
