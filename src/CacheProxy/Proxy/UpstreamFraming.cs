using System.Net;
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
}

/// <summary>Fills in <see cref="UpstreamFraming"/> where a request carries it.</summary>
internal sealed class UpstreamFramingTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is { } response && context.HttpContext.Features.Get<UpstreamFraming>() is { } framing)
        {
            framing.IsDelimited = IsDelimited(response);
            framing.Connection = new StringValues([.. response.Headers.Connection]);
        }

        return ValueTask.CompletedTask;
    }

    // A coding besides chunked is still on the bytes, and nothing that is stored tells.
    private static bool IsDelimited(HttpResponseMessage response) => response.Version >= HttpVersion.Version20
        || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified
        || (response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var codings)
            ? codings.Count == 1 && codings.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase)
            : response.Content.Headers.ContentLength is not null);
}
