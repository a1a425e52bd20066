using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>Refreshes an entry while clients are served the stale one (RFC 5861 §3). One refresh of a variant at a time.</summary>
internal sealed partial class BackgroundRefresh(
    FillHandler fills, HeldBodies held, IServiceProvider services, ILogger<BackgroundRefresh> logger)
{
    /// <summary>Starts a refresh and returns at once; the client's request may end before it.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="prior">What the client is served.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    public void Start(CacheRequest request, in LookUpResult prior, RequestDelegate next)
    {
        // Copied here, because the server takes its request back when the client has its answer.
        var context = DetachedRequest.Of(request.Context, request.HasContent);
        context.RequestServices = services;
        _ = RunAsync(request.Detach(context), prior, next);
    }

    private async Task RunAsync(CacheRequest request, LookUpResult prior, RequestDelegate next)
    {
        // Nothing of it runs on the client's time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var response = prior.Response!;
        if (!held.TryHold(request.Key, ref response, out var hold))
        {
            return;
        }

        try
        {
            await fills.RefreshAsync(request, prior with { Response = response }, CacheStatusForward.Stale, next);
        }
        catch (Exception exception)
        {
            // Nobody waits for it: the entry stays stale, and the next reader tries again.
            Failed(logger, exception);
        }
        finally
        {
            hold?.Dispose();
        }
    }

    [LoggerMessage(2100, LogLevel.Warning, "A refresh in the background failed")]
    private static partial void Failed(ILogger logger, Exception exception);
}
