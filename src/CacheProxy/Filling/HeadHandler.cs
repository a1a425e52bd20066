using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Filling;

/// <summary>Forwards a HEAD, and lets its answer freshen the stored GET response that it speaks of (RFC 9111 §4.3.5).</summary>
internal sealed class HeadHandler(ICacheStore store, LocalCopies copies, PendingEvictions pending, ForwardResponder forwards, TimeProvider time)
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(60);

    public async Task ForwardAsync(CacheRequest request, FoundEntry entry, StaleEntry stale, RequestDelegate next)
    {
        if (stale.Response is not { } stored)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Head, next);
            return;
        }

        var lease = new FillLease(store.NewFillToken(request.Key), entry.Variant, stale.Stamp, LeaseDuration, Exclusive: false);
        if (await store.BeginFillAsync(request.Key, lease, request.Patience) != BeginFillOutcome.Granted)
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Head, next);
            return;
        }

        var freshened = false;
        try
        {
            var requestTimeMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            var framing = new UpstreamFraming();
            request.Context.Features.Set(framing);
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Head, next);
            freshened = Concerns(request, stored) && await FreshenAsync(request, lease, stored, framing, requestTimeMs);
        }
        finally
        {
            if (!freshened)
            {
                await store.AbandonFillAsync(request.Key, lease, request.Patience);
            }
        }
    }

    private static bool Concerns(CacheRequest request, StoredResponse stored) =>
        request.Context.Response.StatusCode == stored.Status
        && request.Context.Features.Get<IForwarderErrorFeature>() is null
        && HeadUpdate.Matches(stored.Headers, stored.Body.Length, request.Context.Response.Headers);

    private async ValueTask<bool> FreshenAsync(
        CacheRequest request, FillLease lease, StoredResponse stored, UpstreamFraming framing, long requestTimeMs)
    {
        var storable = StorableResponse.TryFreshen(
            request, stored, request.Context.Response, framing, requestTimeMs, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (storable is null || pending.MustForward(request.Key))
        {
            return false;
        }

        var response = storable.Response with { ResponseTimeMs = store.NowMs };
        var result = new FillResult(storable.Variant, storable.Vary, response, storable.KeepFor, request.Policy.Options.MaxVariants);
        await store.CompleteFillAsync(request.Key, lease, result, request.Patience);
        copies.Drop(request.Key, storable.Variant);
        return true;
    }
}
