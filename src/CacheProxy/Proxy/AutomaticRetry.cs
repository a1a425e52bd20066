using System.Net;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Proxy;

/// <summary>
/// The HTTP client's own retry. When the API takes a request without content and closes the connection without an answer, the client
/// sends the request again, up to three times, DELETE and POST alike; the API may have acted on each. The client has no switch
/// and no event for it, but it asks for the encoding of every header on every attempt, and each attempt writes one Host header.
/// </summary>
internal static class AutomaticRetry
{
    private static readonly HttpRequestOptionsKey<bool> HasBeenSent = new("CacheProxy.HasBeenSent");

    // HTTP/1.1 like any other, and known by its identity: the mark of a request that has been sent. One in its options costs 360 bytes.
    private static readonly Version SentVersion = new(1, 1);

    /// <summary>A second attempt fails with an <see cref="HttpRequestException"/>, which YARP answers with 502.</summary>
    public static void Disable(SocketsHttpHandler handler)
    {
        var encoding = handler.RequestHeaderEncodingSelector;
        handler.RequestHeaderEncodingSelector = (name, request) =>
        {
            if (MayBeHttp2(request))
            {
                UpstreamSending.Begin(request);
            }
            else if (name == HeaderNames.Host)
            {
                UpstreamSending.Begin(request);
                RefuseSecondAttempt(request);
            }

            return encoding?.Invoke(name, request);
        };
    }

    private static void RefuseSecondAttempt(HttpRequestMessage request)
    {
        var isHttp11 = request.Version == HttpVersion.Version11;
        if (isHttp11 ? ReferenceEquals(request.Version, SentVersion) : request.Options.TryGetValue(HasBeenSent, out _))
        {
            throw new HttpRequestException("The connection ended before a response; the request is not sent again.");
        }

        if (isHttp11)
        {
            request.Version = SentVersion;
        }
        else
        {
            request.Options.Set(HasBeenSent, true);
        }
    }

    // Over HTTP/2 the client only repeats what the server says it has not processed (RFC 9113, 8.7).
    private static bool MayBeHttp2(HttpRequestMessage request) =>
        request.Version.Major > 1
        && (request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower || request.RequestUri?.Scheme == Uri.UriSchemeHttps);
}
