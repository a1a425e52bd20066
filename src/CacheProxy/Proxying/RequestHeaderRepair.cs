using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxying;

/// <summary>Mends two request headers after YARP has copied them.</summary>
internal sealed class RequestHeaderRepair : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        if (context.HeadersCopied)
        {
            RemoveEmptyHost(context);
            RestoreUpgradeInsecureRequests(context);
        }

        return default;
    }

    // The HTTP client would send its own Host line and the empty one: two Host lines, which servers read differently.
    private static void RemoveEmptyHost(RequestTransformContext context)
    {
        var headers = context.ProxyRequest.Headers;
        if (!context.HttpContext.Request.Host.HasValue
            && headers.NonValidated.TryGetValues(HeaderNames.Host, out var hosts)
            && hosts.ToString().Length == 0)
        {
            headers.Remove(HeaderNames.Host);
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
