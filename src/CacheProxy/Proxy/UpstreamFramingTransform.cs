using System.Net;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

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
