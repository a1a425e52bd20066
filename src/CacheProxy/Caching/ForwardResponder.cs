using CacheProxy.HttpRules;
using CacheProxy.Policies;

namespace CacheProxy.Caching;

/// <summary>Forwards a request uncached, and says so in Cache-Status.</summary>
internal sealed class ForwardResponder(CacheMetrics metrics)
{
    public Task ForwardAsync(HttpContext context, CachePolicy policy, ForwardReason reason, RequestDelegate next)
    {
        metrics.Forwarded(policy.Name, reason);
        context.Response.OnStarting(
            static state =>
            {
                var (response, reason) = ((HttpResponse, ForwardReason))state;
                new CacheStatus(
                    Forward: ForwardReasonWords.Forward(reason),
                    ForwardStatus: response.StatusCode,
                    Detail: ForwardReasonWords.Word(reason)).AppendTo(response.Headers);
                return Task.CompletedTask;
            },
            (context.Response, reason));
        var began = metrics.Begin();
        return began == 0 ? next(context) : ForwardMeasuredAsync(context, policy, next, began);
    }

    private async Task ForwardMeasuredAsync(HttpContext context, CachePolicy policy, RequestDelegate next, long began)
    {
        await next(context);
        metrics.ForwardEnded(policy.Name, began);
    }
}
