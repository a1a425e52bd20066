using System.Threading.Channels;
using CacheProxy.Filling;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Reading.Comparing;

/// <summary>
/// Takes a share of the hits aside to be audited, as the policy says. Few wait at a time, and whatever finds no place is let go: the
/// client waits for none of it. What a sample keeps of the request, its credentials among it, is in this process's memory only.
/// </summary>
internal sealed class HitSamples(IServiceProvider services, TimeProvider time)
{
    /// <summary>The most samples that wait. Each has the headers of a request, and no body.</summary>
    public const int MostWaiting = 8;

    private Channel<HitSample>? _waiting;
    private Action? _begin;

    /// <summary>Who audits, called once: when there is something to audit for the first time.</summary>
    public Action Begin
    {
        set => _begin = value;
    }

    public ChannelReader<HitSample> Waiting => Channel.Reader;

    // Made with the first sample.
    private Channel<HitSample> Channel => LazyInitializer.EnsureInitialized(ref _waiting, static () => System.Threading.Channels.Channel.CreateBounded<HitSample>(MostWaiting));

    /// <summary>A client is about to be served what was found.</summary>
    public void Hit(in ReadRequest read, in LookUpResult found, long ageMs, RequestDelegate next)
    {
        if (read.Policy.Options.Audit > 0 && IsDrawn(read.Policy.Options.Audit))
        {
            Take(CacheRequest.Of(read, new StoreTimeoutBudget(read.StoreTimeout), inBackground: true), found, ageMs, next);
        }
    }

    /// <summary>As the other, where more had to be known of the request.</summary>
    public void Hit(CacheRequest request, in LookUpResult found, long ageMs, RequestDelegate next)
    {
        if (request.Policy.Options.Audit > 0 && IsDrawn(request.Policy.Options.Audit))
        {
            Take(request, found, ageMs, next);
        }
    }

    private static bool IsDrawn(double share) => Random.Shared.NextDouble() < share;

    // What is served although it is no longer fresh is known not to be the API's latest word, and content cannot be sent once more.
    private void Take(CacheRequest request, in LookUpResult found, long ageMs, RequestDelegate next)
    {
        if (request.HasContent || found.Response is not { } stored || !stored.Freshness.IsFresh(ageMs) || Channel.Reader.Count >= MostWaiting)
        {
            return;
        }

        // Copied here, because the server takes its request back when the client has its answer.
        var context = Own(request.Context);
        if (Channel.Writer.TryWrite(new HitSample(request.Detach(context), found.Stamp, time.GetTimestamp(), next)))
        {
            Interlocked.Exchange(ref _begin, null)?.Invoke();
        }
    }

    /// <summary>The same request once more, without the client's conditions: the API is asked for the whole answer.</summary>
    public HttpContext Own(HttpContext request)
    {
        var context = DetachedRequest.Of(request, hasContent: false);
        context.RequestServices = services;
        context.Request.Headers.IfNoneMatch = default;
        context.Request.Headers.IfModifiedSince = default;
        return context;
    }
}

/// <summary>A hit that is to be audited.</summary>
/// <param name="Request">The request, without its client.</param>
/// <param name="Stamp">Of the entry that answered it.</param>
/// <param name="Taken">When.</param>
/// <param name="Next">The rest of the proxy pipeline.</param>
internal sealed record HitSample(CacheRequest Request, string Stamp, long Taken, RequestDelegate Next);
