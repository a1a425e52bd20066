using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Reading;

/// <summary>What becomes of a read by what was looked up for it.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Prior">What was found, as far as it is of use to whoever asks the API.</param>
/// <param name="Asking">Why the API is asked, where it is.</param>
/// <param name="Forward">Why the request is forwarded, where it is.</param>
/// <param name="AgeMs">The age of what is served.</param>
internal readonly record struct ReadDecision(
    ReadAction Action, LookUpResult Prior, CacheStatusForward Asking = CacheStatusForward.None, ForwardReason Forward = default, long AgeMs = 0)
{
    private const string HostName = "host";

    /// <param name="request">The request.</param>
    /// <param name="found">What was looked up for it.</param>
    /// <param name="usePrior">Whether what was found can be sent.</param>
    /// <param name="nowMs">The store's time.</param>
    public static ReadDecision Of(CacheRequest request, in LookUpResult found, bool usePrior, long nowMs) => found.Outcome switch
    {
        LookUpOutcome.Found => OfFound(request, found, usePrior, nowMs),
        LookUpOutcome.Miss => Ask(request, found, MissReason(found)),
        LookUpOutcome.Fenced => Forwarded(found, ForwardReason.Fenced),
        LookUpOutcome.EvictionPending => Forwarded(found, ForwardReason.PendingEviction),
        LookUpOutcome.Unavailable => Forwarded(found, ForwardReason.StoreUnavailable),
    };

    private static ReadDecision OfFound(CacheRequest request, in LookUpResult found, bool usePrior, long nowMs)
    {
        var stored = found.Response!;
        // What it contains by the present rules is not known where it was stored under others.
        if (!usePrior || !request.Policy.Knows(stored))
        {
            return Ask(request, found with { Response = null }, MissReason(found));
        }

        if (!RequestTarget.IsSame(request.Context.Request, stored.Target))
        {
            // The tenant has several hosts, and an API may build links from them: from now on each has its own variant. What answered
            // another path is of an earlier version or configuration.
            var vary = RequestTarget.IsSameHost(request.Context.Request, stored.Target) ? found.Vary : VaryNames.Union(found.Vary, HostName);
            var other = found with { Response = null, Vary = vary };
            return Ask(request, other, MissReason(found));
        }

        var ageMs = stored.AgeMs(nowMs);
        return stored.Freshness.Judge(ageMs, request.Directives) switch
        {
            FreshnessVerdict.MustRevalidate =>
                Ask(request, found, stored.Freshness.IsFresh(ageMs) ? CacheStatusForward.Request : CacheStatusForward.Stale),
            FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed or FreshnessVerdict.StaleWhileRevalidate when request.IsShadowed =>
                new(ReadAction.Compare, found, Forward: ForwardReason.Shadow, AgeMs: ageMs),
            FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed => new(ReadAction.Serve, found, AgeMs: ageMs),
            FreshnessVerdict.StaleWhileRevalidate => new(ReadAction.ServeAndRefresh, found, AgeMs: ageMs),
        };
    }

    /// <summary>Nothing may be served without asking the API.</summary>
    private static ReadDecision Ask(CacheRequest request, in LookUpResult prior, CacheStatusForward asking)
    {
        var headers = request.Context.Request.Headers;
        if (request.IsShadowed)
        {
            // What is stored answers for nothing: neither after a validation, nor in place of an error, nor the client's own conditions.
            return request.IsHead || headers.Range.Count > 0 || ConditionalRequest.IsPresent(headers)
                ? Forwarded(prior, ForwardReason.Shadow)
                : new ReadDecision(ReadAction.Fill, prior with { Response = null }, asking);
        }

        return request.Directives.OnlyIfCached ? new ReadDecision(ReadAction.Refuse, prior, asking)
            : headers.Range.Count > 0 ? Forwarded(prior, ForwardReason.Range)
            : request.IsHead ? new ReadDecision(ReadAction.Head, prior, asking, ForwardReason.Head)
            : new ReadDecision(ReadAction.Fill, prior, asking);
    }

    private static ReadDecision Forwarded(in LookUpResult found, ForwardReason reason) => new(ReadAction.Forward, found, Forward: reason);

    private static CacheStatusForward MissReason(in LookUpResult result) =>
        result.Vary.Length > 0 ? CacheStatusForward.VaryMiss : CacheStatusForward.UriMiss;
}

/// <summary>What is done with a read.</summary>
internal enum ReadAction
{
    /// <summary>Answered with what is stored.</summary>
    Serve,

    /// <summary>The same, and the API is asked in the background.</summary>
    ServeAndRefresh,

    /// <summary>The API answers, and what is stored is compared with that.</summary>
    Compare,

    /// <summary>The API is asked, and its answer stored if it may be.</summary>
    Fill,

    Forward,

    /// <summary>Forwarded, and the answer may freshen what is stored.</summary>
    Head,

    /// <summary>504: the client wants nothing that is not stored.</summary>
    Refuse,
}
