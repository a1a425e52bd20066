using System.Net;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// What the API's answer says about the connection to the API, which YARP does not pass on. Whoever needs it sets it on the request,
/// and the forwarder fills it in.
/// </summary>
internal sealed class UpstreamFraming
{
    /// <summary>
    /// Whether the answer says where it ends (RFC 9112 §6.3). One that ends when its connection closes may have been cut short
    /// unnoticed.
    /// </summary>
    public bool IsDelimited { get; set; }

    /// <summary>The answer's Connection field: the fields that it names belong to that connection (RFC 9110 §7.6.1).</summary>
    public StringValues Connection { get; set; }

    /// <summary>The headers that name tags, where the client is spared them.</summary>
    public List<HeaderField>? HiddenTagHeaders { get; set; }
}

/// <summary>Fills in <see cref="UpstreamFraming"/> where a request carries it.</summary>
internal sealed class UpstreamFramingTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is { } response && context.HttpContext.Features.Get<UpstreamFraming>() is { } framing)
        {
            framing.IsDelimited = IsDelimited(response, context.HttpContext.Response.ContentLength);
            // Asked for unparsed first: most answers have none, and to say so takes the parsed collection 300 bytes.
            framing.Connection = response.Headers.NonValidated.Contains("Connection") ? new StringValues([.. response.Headers.Connection]) : default;
        }

        return ValueTask.CompletedTask;
    }

    // A coding besides chunked is still on the bytes, and nothing that is stored tells.
    private static bool IsDelimited(HttpResponseMessage response, long? declaredLength) => response.Version >= HttpVersion.Version20
        || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified
        || (response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var codings)
            ? codings.Count == 1 && codings.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase)
            : declaredLength is not null);
}

/// <summary>Takes the headers that name tags out of the API's answer, where the route's policy spares its clients these.</summary>
internal sealed class HiddenTagHeadersTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>()?.Policy is { Options.HideTagHeaders: true } policy)
        {
            var headers = context.HttpContext.Response.Headers;
            foreach (var name in policy.Tags.Headers)
            {
                Hide(headers, name, context.HttpContext.Features.Get<UpstreamFraming>());
            }
        }

        return ValueTask.CompletedTask;
    }

    private static void Hide(IHeaderDictionary headers, string name, UpstreamFraming? framing)
    {
        if (headers.Remove(name, out var lines) && framing is not null)
        {
            foreach (var line in lines)
            {
                (framing.HiddenTagHeaders ??= []).Add(new HeaderField(name, line ?? ""));
            }
        }
    }
}

/// <summary>
/// Whether anything of a request has been handed to a connection to the API. As long as nothing has, the API cannot have acted on it, and
/// after a failure never will. How the forwarder failed does not tell: a connection that ends after the request was read, and cannot be
/// opened again, looks like an API that was never reached. Whoever needs it sets it on the request.
/// </summary>
internal sealed class UpstreamSending
{
    private static readonly HttpRequestOptionsKey<UpstreamSending> Key = new("CacheProxy.Sending");

    // Whoever asks a request for an option makes it have options, 104 bytes; so those to be followed are known by another instance of 1.1.
    private static readonly Version FollowedVersion = new(1, 1);
    private volatile bool _hasBegun;

    public bool HasBegun => _hasBegun;

    /// <summary>The HTTP client writes a header of the request, which it only does to a connection.</summary>
    public static void Begin(HttpRequestMessage request)
    {
        if (!ReferenceEquals(request.Version, HttpVersion.Version11) && request.Options.TryGetValue(Key, out var sending))
        {
            sending._hasBegun = true;
        }
    }

    /// <summary>Takes note of what becomes of the request.</summary>
    public void Follow(HttpRequestMessage request)
    {
        // Over HTTP/2 a request without any header would pass unnoticed.
        _hasBegun |= request.Version.Major > 1 && request.Headers.NonValidated.Count == 0;
        request.Options.Set(Key, this);
        if (request.Version == HttpVersion.Version11)
        {
            request.Version = FollowedVersion;
        }
    }
}

/// <summary>Follows a request that carries <see cref="UpstreamSending"/>.</summary>
internal sealed class UpstreamSendingTransform : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        context.HttpContext.Features.Get<UpstreamSending>()?.Follow(context.ProxyRequest);
        return ValueTask.CompletedTask;
    }
}
