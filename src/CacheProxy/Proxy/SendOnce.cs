using Microsoft.Net.Http.Headers;

namespace CacheProxy.Proxy;

/// <summary>
/// Keeps the HTTP client from repeating a request. When the API takes a request without content and closes the connection unanswered,
/// the client sends it again, up to three times, DELETE and POST alike; the API may have acted on each. It offers no switch and no
/// event for it, but asks for the encoding of every header on every attempt, and each attempt writes one Host header.
/// </summary>
internal static class SendOnce
{
    private static readonly HttpRequestOptionsKey<bool> HasBeenWritten = new("CacheProxy.HasBeenWritten");

    /// <summary>Call for each header that is about to be written.</summary>
    /// <exception cref="HttpRequestException">The request is being written for the second time.</exception>
    public static void OnHeader(string name, HttpRequestMessage request)
    {
        if (name != HeaderNames.Host || MayBeHttp2(request))
        {
            return;
        }

        if (request.Options.TryGetValue(HasBeenWritten, out _))
        {
            throw new HttpRequestException("The connection ended before a response; the request is not sent again.");
        }

        request.Options.Set(HasBeenWritten, true);
    }

    // Over HTTP/2 the client repeats only what the server says it has not looked at (RFC 9113, 8.7).
    private static bool MayBeHttp2(HttpRequestMessage request) =>
        request.Version.Major > 1
        && (request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower || request.RequestUri?.Scheme == Uri.UriSchemeHttps);
}
