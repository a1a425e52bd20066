using CacheProxy.Http;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>What came of asking the API in place of the store, and what is left to do for the client.</summary>
/// <param name="Kind">How it came out.</param>
/// <param name="Response">What the client is answered with, where that is still to be done.</param>
/// <param name="Status">What Cache-Status says then.</param>
/// <param name="Reason">Why the request is forwarded, where it is.</param>
internal readonly record struct FillOutcome(
    FillOutcomeKind Kind, StoredResponse? Response = null, CacheStatus Status = default, ForwardReason Reason = default)
{
    public static FillOutcome Answered => new(FillOutcomeKind.Answered);

    public static FillOutcome LookUpAgain => new(FillOutcomeKind.LookUpAgain);

    public static FillOutcome WithoutPrior => new(FillOutcomeKind.WithoutPrior);

    public static FillOutcome Serve(StoredResponse response, in CacheStatus status) => new(FillOutcomeKind.Serve, response, status);

    public static FillOutcome Share(StoredResponse response, in CacheStatus status) => new(FillOutcomeKind.Share, response, status);

    public static FillOutcome Refuse(in CacheStatus status) => new(FillOutcomeKind.Refuse, Status: status);

    public static FillOutcome Forward(ForwardReason reason) => new(FillOutcomeKind.Forward, Reason: reason);
}

internal enum FillOutcomeKind
{
    /// <summary>The client has the API's own answer.</summary>
    Answered,

    /// <summary>Answer with what was stored: the API has confirmed it, or it stands in for an error.</summary>
    Serve,

    /// <summary>Answer with what another request has just fetched.</summary>
    Share,

    /// <summary>Forward the request uncached.</summary>
    Forward,

    /// <summary>Answer 503: no place at the API became free in time.</summary>
    Refuse,

    /// <summary>Something else is stored by now: look up again.</summary>
    LookUpAgain,

    /// <summary>What is stored cannot be validated: fill without it.</summary>
    WithoutPrior,
}
