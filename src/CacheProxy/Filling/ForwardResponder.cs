using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Filling;

/// <summary>Forwards a request uncached, and says so in Cache-Status.</summary>
internal sealed class ForwardResponder(CacheMetrics metrics, RefusalSamples refusals)
{
    public Task ForwardAsync(HttpContext context, CachePolicy policy, ForwardReason reason, RequestDelegate next)
    {
        metrics.Forwarded(policy.Name, reason, metrics.CountsTenants && policy.Template.NeedsTenant ? RouteCaching.TenantOf(context) : null);
        context.Response.OnStarting(
            static state =>
            {
                var (context, reason, sample) = ((HttpContext, ForwardReason, PolicyRefusals?))state;
                var failed = context.Features.Get<IForwarderErrorFeature>() is not null;
                new CacheStatus(
                    Forward: ForwardReasons.Forward(reason),
                    ForwardStatus: failed ? null : context.Response.StatusCode,
                    Detail: ForwardReasons.ToToken(reason)).AppendTo(context.Response.Headers);
                sample?.Take(RefusalKind.Forwarded, ForwardReasons.ToToken(reason), context, tenant: null, context.Response.StatusCode);
                return Task.CompletedTask;
            },
            (context, reason, refusals.Of(policy)));
        var began = metrics.Begin();
        return began == 0 ? next(context) : ForwardMeasuredAsync(context, policy, next, began);
    }

    /// <summary>What has been set so far belongs to an answer that the client does not get.</summary>
    public static void Reset(HttpResponse response)
    {
        var cookies = response.Headers.SetCookie;
        response.Headers.Clear();
        // A cookie is meant for this client, whatever becomes of the rest.
        response.Headers.SetCookie = cookies;
        response.StatusCode = StatusCodes.Status200OK;
    }

    private async Task ForwardMeasuredAsync(HttpContext context, CachePolicy policy, RequestDelegate next, long began)
    {
        await next(context);
        metrics.ForwardEnded(policy.Name, began);
    }
}
