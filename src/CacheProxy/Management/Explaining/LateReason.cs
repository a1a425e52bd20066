using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;

namespace CacheProxy.Management.Explaining;

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
