using System.Net;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// Lets the client see status and headers when the API has sent them, and not only when the first byte of the body follows:
/// an event stream may stay silent for minutes after its head.
/// </summary>
internal sealed class EarlyHeadTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is { } response
            && response.StatusCode != HttpStatusCode.SwitchingProtocols
            && !HttpMethods.IsConnect(context.HttpContext.Request.Method))
        {
            response.Content = new HeadFirstContent(response.Content, context.HttpContext.Response);
        }

        return default;
    }
}
