using CacheProxy.HttpRules;

namespace CacheProxy.Caching;

/// <summary>Forwards a request uncached, and says so in Cache-Status.</summary>
internal static class ForwardResponder
{
    public static Task ForwardAsync(HttpContext context, ForwardReason reason, RequestDelegate next)
    {
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
        return next(context);
    }
}
