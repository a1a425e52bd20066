using CacheProxy.Filling;
using CacheProxy.Store;

namespace CacheProxy.Reading;

/// <summary>
/// Mode Shadow: what would have been served is compared with what the API answers, which is what the client gets. Tells how often
/// caching would have hit, and whether it would ever have been wrong, before it is switched on.
/// </summary>
internal sealed class ShadowForwarder(ForwardResponder forwards, CacheMetrics metrics, ILogger<ShadowForwarder> logger)
{
    public async Task ForwardAsync(CacheRequest request, StoredResponse stored, RequestDelegate next)
    {
        var comparison = new ShadowComparison(request.Context, stored);
        comparison.Install();
        try
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Shadow, next);
        }
        finally
        {
            comparison.Remove();
        }

        if (comparison.Finish() is { } equal)
        {
            metrics.ShadowHit(request.Policy.Name, equal);
            if (!equal)
            {
                Log.ShadowMismatch(logger, request.Policy.Name);
            }
        }
    }
}
