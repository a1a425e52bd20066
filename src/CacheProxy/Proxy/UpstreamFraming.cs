using System.Net;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// What the API's answer says of the connection that it came by, which the forwarder passes on to nobody. Set on a request by who
/// wants to know, filled in by the forwarder.
/// </summary>
internal sealed class UpstreamFraming
{
    /// <summary>
    /// Whether it says where it ends (RFC 9112 §6.3). An answer that ends with its connection may have been cut short without
    /// anybody noticing.
    /// </summary>
    public bool IsDelimited { get; set; }

    /// <summary>Its Connection field: the fields that it names belong to that connection (RFC 9110 §7.6.1).</summary>
    public StringValues Connection { get; set; }
}

/// <summary>Fills in <see cref="UpstreamFraming"/> where a request carries it.</summary>
internal sealed class UpstreamFramingTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is { } response && context.HttpContext.Features.Get<UpstreamFraming>() is { } framing)
        {
            framing.IsDelimited = response.Version >= HttpVersion.Version20
                || response.Headers.TransferEncodingChunked == true
                || response.Content.Headers.ContentLength is not null
                || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified;
            framing.Connection = new StringValues([.. response.Headers.Connection]);
        }

        return ValueTask.CompletedTask;
    }
}
