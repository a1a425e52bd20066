using System.Text;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace CacheProxy.Proxy;

/// <summary>Makes YARP hand requests and responses over as they are. What a route or cluster configures itself stays in force.</summary>
internal static class TransparentForwarding
{
    private const int MaxResponseHeadersKib = 1024;

    // Servers close idle connections after 2 seconds (gunicorn), 5 (Node.js, Apache httpd) or more. Dropping ours earlier keeps a request
    // from being sent on a connection that is just being closed, which could only be answered with 502.
    private static readonly TimeSpan IdleConnectionLifetime = TimeSpan.FromSeconds(1);

    /// <param name="proxy">The proxy to make transparent.</param>
    /// <param name="tracing">Whether requests to the API carry the sidecar's own span; otherwise the client's trace headers pass untouched.</param>
    public static IReverseProxyBuilder AddTo(IReverseProxyBuilder proxy, bool tracing) =>
        proxy.AddTransforms(AddTransforms).ConfigureHttpClient((context, handler) => Configure(context, handler, tracing));

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

        context.ResponseTransforms.Add(new EarlyHeadTransform());
        context.RequestTransforms.Add(new RequestHeaderRepair());
        if (context.Cluster?.HttpRequest?.Version is null)
        {
            context.RequestTransforms.Add(new ClientVersionTransform());
        }

        // Last, because it must see what the others made of path and query.
        context.RequestTransforms.Add(new RawTargetTransform());
    }

    // One by one, because YARP's AddXForwarded removes the client's own Forwarded header.
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

    private static void Configure(ForwarderHttpClientContext context, SocketsHttpHandler handler, bool tracing)
    {
        var configured = handler.RequestHeaderEncodingSelector;
        handler.RequestHeaderEncodingSelector = (name, request) =>
        {
            SendOnce.OnHeader(name, request);
            return configured is null ? Encoding.Latin1 : configured(name, request);
        };
        handler.ResponseHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
        handler.MaxResponseHeadersLength = MaxResponseHeadersKib;
        handler.PooledConnectionIdleTimeout = IdleConnectionLifetime;
        if (!tracing)
        {
            handler.ActivityHeadersPropagator = null;
        }
    }
}
