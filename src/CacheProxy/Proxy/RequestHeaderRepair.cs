using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>Mends what YARP and the HTTP client would make of two request headers.</summary>
internal sealed class RequestHeaderRepair : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        if (context.HeadersCopied)
        {
            RestoreUpgradeInsecureRequests(context);
        }

        NameHost(context);

        return default;
    }

    // Without a Host the client library adds its own line unseen, and to an empty one a second; servers read two lines differently.
    // It gets the destination's, as a visible header: SendOnce relies on there being exactly one.
    private static void NameHost(RequestTransformContext context)
    {
        if (!context.HttpContext.Request.Host.HasValue && string.IsNullOrEmpty(context.ProxyRequest.Headers.Host))
        {
            context.ProxyRequest.Headers.Host = new Uri(context.DestinationPrefix).Authority;
        }
    }

    // An end-to-end header that YARP takes for a hop-by-hop one.
    private static void RestoreUpgradeInsecureRequests(RequestTransformContext context)
    {
        if (context.HttpContext.Request.Headers.TryGetValue(HeaderNames.UpgradeInsecureRequests, out var values)
            && !context.ProxyRequest.Headers.NonValidated.Contains(HeaderNames.UpgradeInsecureRequests))
        {
            AddHeader(context, HeaderNames.UpgradeInsecureRequests, values);
        }
    }
}
