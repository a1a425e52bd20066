using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Store;
using CacheProxy.Writing;

namespace CacheProxy.Management.Explaining;

/// <summary>What the proxy would do with a request, and what that follows from.</summary>
internal sealed record Explanation
{
    public required HttpContext Context { get; init; }

    /// <summary>What is decided.</summary>
    public required ExplainedOutcome Outcome { get; init; }

    /// <summary>The same in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>The word of <c>detail</c>; <c>null</c> where there is none.</summary>
    public string? Detail { get; init; }

    /// <summary>How long what is served is still fresh; negative once stale.</summary>
    public long? TtlSeconds { get; init; }

    /// <summary>The route that takes the request.</summary>
    public string? Route { get; init; }

    /// <summary>What the route asks for.</summary>
    public RouteCaching? Caching { get; init; }

    /// <summary>The read whose resource is beyond doubt.</summary>
    public CacheRequest? Read { get; init; }

    /// <summary>What is stored of its resource.</summary>
    public InspectedResource? Seen { get; init; }

    /// <summary>What the read would find.</summary>
    public LookUpResult Found { get; init; }

    /// <summary>Whether that would be a copy of this process.</summary>
    public bool IsCopy => CopyLeft > TimeSpan.Zero;

    /// <summary>How long that copy may still be served.</summary>
    public TimeSpan CopyLeft { get; init; }

    /// <summary>What a write would evict, and what is stored of each.</summary>
    public (EvictionTarget Target, InspectedResource? Seen)[] Targets { get; init; } = [];

    /// <summary>Whether a write also evicts what its body or the API's answer names.</summary>
    public bool IsPointed { get; init; }

    /// <summary>Why requests of the policy were lately not cached.</summary>
    public LateReason[] Lately { get; init; } = [];

    /// <summary>The policy that the request is judged by, as it is for its tenant.</summary>
    public CachePolicy? Policy => Read?.Policy ?? Caching?.Policy;
}

/// <summary>What becomes of an explained request.</summary>
internal enum ExplainedOutcome
{
    /// <summary>No route takes it.</summary>
    Unrouted,

    /// <summary>Forwarded as if there were no cache.</summary>
    Pass,

    Hit,

    /// <summary>Served although no longer fresh.</summary>
    Stale,

    /// <summary>The API is asked, and its answer stored if it may be.</summary>
    Fill,

    Forward,

    /// <summary>Neither the cache nor the API answers it.</summary>
    Refuse,

    /// <summary>Forwarded, and what it changes evicted.</summary>
    Write,

    /// <summary>It depends on content that is not described.</summary>
    Unknown,
}

/// <summary>
/// Why requests of a policy were lately not cached, first those of the same path: what to expect where the API's answer, or other requests,
/// decide.
/// </summary>
/// <param name="Reason">The reason.</param>
/// <param name="Latest">The latest request of it: of the path, where there is one.</param>
/// <param name="IsOfPath">Whether it is of the path.</param>
internal readonly record struct LateReason(ReasonSample Reason, Refusal Latest, bool IsOfPath)
{
    private const int Most = 5;

    public static LateReason[] Of(RefusalSamples refusals, CachePolicy? policy, string? path) =>
        policy is null || refusals.Find(policy.Name) is not { } sample
            ? []
            :
            [
                .. sample.Read().Where(static reason => reason.Latest.Length > 0)
                    .Select(reason => Of(reason, path))
                    .OrderByDescending(static late => late.IsOfPath).ThenByDescending(static late => late.Latest.Time).Take(Most),
            ];

    private static LateReason Of(ReasonSample reason, string? path)
    {
        var ofPath = Array.FindIndex(reason.Latest, one => string.Equals(one.Path, path, StringComparison.OrdinalIgnoreCase));
        return new LateReason(reason, reason.Latest[Math.Max(0, ofPath)], ofPath >= 0);
    }
}
