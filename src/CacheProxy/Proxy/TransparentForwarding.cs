using System.Text;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace CacheProxy.Proxy;

/// <summary>Makes YARP pass requests and responses on as they are. What a route or cluster configures itself stays in force.</summary>
internal static class TransparentForwarding
{
    private const int MaxResponseHeadersKib = 1024;

    // Servers close idle connections after 2 seconds (gunicorn), 5 (Node.js, Apache httpd) or more. We close ours earlier: a request that
    // is sent on a connection while the server closes it can only be answered with 502.
    private static readonly TimeSpan IdleConnectionLifetime = TimeSpan.FromSeconds(1);

    public static IReverseProxyBuilder AddTo(IReverseProxyBuilder proxy) =>
        proxy.AddTransforms(AddTransforms).ConfigureHttpClient(static (_, handler) => Configure(handler));

    private static void AddTransforms(TransformBuilderContext context)
    {
        // First, so that a route's own transform of Host comes later and wins.
        if (!ConfiguresOriginalHost(context))
        {
            context.RequestTransforms.Insert(0, RequestHeaderOriginalHostTransform.OriginalHost);
        }

        if (context.UseDefaultForwarders is not false)
        {
            AddForwardedHeaders(context);
        }

        context.ResponseTransforms.Add(new EarlyHeadersTransform());
        if (context.Cluster?.SessionAffinity is { Enabled: true } affinity)
        {
            context.ResponseTransforms.Add(new SessionAffinityTransform(affinity.AffinityKeyName));
        }

        context.RequestTransforms.Add(new RequestHeaderRepair());
        if (context.Cluster?.HttpRequest?.Version is null)
        {
            context.RequestTransforms.Add(new ClientVersionTransform());
        }

        context.RequestTransforms.Add(new UpstreamSendingTransform());

        // Last, because it must see what the others did to path and query.
        context.RequestTransforms.Add(new RawTargetTransform());
    }

    // One by one: YARP's AddXForwarded, which is its default too, removes the client's own Forwarded header, and its X-Forwarded
    // fields replace those of the hops before.
    private static void AddForwardedHeaders(TransformBuilderContext context)
    {
        context.UseDefaultForwarders = false;
        context.AddXForwardedFor(action: ForwardedTransformActions.Append);
        context.AddXForwardedHost(action: ForwardedTransformActions.Append);
        context.AddXForwardedProto(action: ForwardedTransformActions.Append);
        context.AddXForwardedPrefix(action: ForwardedTransformActions.Append);
    }

    private static bool ConfiguresOriginalHost(TransformBuilderContext context)
    {
        foreach (var transform in context.RequestTransforms)
        {
            if (transform is RequestHeaderOriginalHostTransform)
            {
                return true;
            }
        }

        return false;
    }

    private static void Configure(SocketsHttpHandler handler)
    {
        handler.RequestHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
        handler.MaxResponseHeadersLength = MaxResponseHeadersKib;
        handler.PooledConnectionIdleTimeout = IdleConnectionLifetime;
        // The client's own trace headers pass untouched.
        handler.ActivityHeadersPropagator = null;
        AutomaticRetry.Disable(handler);
    }
}

/// <summary>Corrects what YARP and the HTTP client do to two request headers.</summary>
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

    // Without a Host the HTTP client adds its own line out of our sight, and to an empty one it adds a second; servers disagree about two.
    // The destination's goes in as a visible header: AutomaticRetry needs exactly one.
    private static void NameHost(RequestTransformContext context)
    {
        if (!context.HttpContext.Request.Host.HasValue && string.IsNullOrEmpty(context.ProxyRequest.Headers.Host))
        {
            context.ProxyRequest.Headers.Host = new Uri(context.DestinationPrefix).Authority;
        }
    }

    // An end-to-end header that YARP drops as a hop-by-hop one.
    private static void RestoreUpgradeInsecureRequests(RequestTransformContext context)
    {
        if (context.HttpContext.Request.Headers.TryGetValue(HeaderNames.UpgradeInsecureRequests, out var values)
            && !context.ProxyRequest.Headers.NonValidated.Contains(HeaderNames.UpgradeInsecureRequests))
        {
            AddHeader(context, HeaderNames.UpgradeInsecureRequests, values);
        }
    }
}
