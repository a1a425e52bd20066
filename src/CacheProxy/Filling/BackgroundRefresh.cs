using CacheProxy.Identity;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>Refreshes an entry while clients are served the stale one (RFC 5861 §3). One refresh of a variant at a time.</summary>
internal sealed class BackgroundRefresh(FillHandler fills, IServiceProvider services, ILogger<BackgroundRefresh> logger)
{
    /// <summary>Starts a refresh and returns at once; the client's request may end before it.</summary>
    public void Start(CacheRequest request, VariantKey variant, StaleEntry stale, RequestDelegate next)
    {
        // Copied here, because the server takes its request back when the client has its answer.
        var context = DetachedRequest.Of(request.Context);
        context.RequestServices = services;
        var refresh = new CacheRequest
        {
            Context = context,
            Policy = request.Policy,
            Key = request.Key,
            Variants = request.Variants with { Headers = context.Request.Headers },
            Directives = default,
            Tenant = request.Tenant,
            Id = request.Id,
            StoreTimeout = request.StoreTimeout,
            Patience = new StorePatience(request.StoreTimeout),
            KnownVary = request.KnownVary,
            IsBackground = true,
        };
        _ = RunAsync(refresh, variant, stale, next);
    }

    private async Task RunAsync(CacheRequest request, VariantKey variant, StaleEntry stale, RequestDelegate next)
    {
        // Nothing of it runs on the client's time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await fills.RefreshAsync(request, variant, stale, next);
        }
        catch (Exception exception)
        {
            // Nobody waits for it: the entry stays stale, and the next reader tries again.
            Log.RefreshFailed(logger, exception);
        }
    }
}
