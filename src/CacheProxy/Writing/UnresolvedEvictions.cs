using System.Collections.Concurrent;
using CacheProxy.Configuration.Policies;
using CacheProxy.Store;

namespace CacheProxy.Writing;

/// <summary>Tells the operator of writes that may have changed what nothing in them names.</summary>
internal sealed partial class UnresolvedEvictions(WriteMetrics metrics, TimeProvider time, ILogger<UnresolvedEvictions> logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Policy, UnresolvedReason Reason), long> _logged = new();

    /// <summary>The write has ended like this.</summary>
    public void Report(PointedTargets pointed, WriteResult result)
    {
        if (result == WriteResult.Unchanged)
        {
            return;
        }

        if (result == WriteResult.Unknown)
        {
            pointed.Miss(PointedBody.Response, UnresolvedReason.Unanswered);
        }

        Report(pointed.Unresolved());
    }

    /// <summary>Resources of these policies may have been missed.</summary>
    public void Report(IEnumerable<(CachePolicy Policy, UnresolvedReason Reason)> unresolved)
    {
        foreach (var (policy, reason) in unresolved)
        {
            metrics.Unresolved(policy.Name, reason);
            if (IsDue((policy.Name, reason)))
            {
                Unresolved(logger, policy.Name, WriteMetrics.ToToken(reason));
            }
        }
    }

    private bool IsDue((string, UnresolvedReason) key)
    {
        var now = time.GetTimestamp();
        return _logged.TryGetValue(key, out var last)
            ? time.GetElapsedTime(last, now) >= LogInterval && _logged.TryUpdate(key, now, last)
            : _logged.TryAdd(key, now);
    }

    [LoggerMessage(
        2200,
        LogLevel.Warning,
        "A write may have changed resources of policy {Policy} that it does not name: {Reason} (reported at most once a minute)")]
    private static partial void Unresolved(ILogger logger, string policy, string reason);
}
