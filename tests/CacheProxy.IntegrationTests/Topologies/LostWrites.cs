using System.Diagnostics;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>
/// What a failover may lose: replication is asynchronous, so an eviction that the old primary acknowledged just before it died may never
/// have reached its replica. docs/redis-topologies.md promises nothing for these.
/// </summary>
internal static class LostWrites
{
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(1);

    /// <param name="read">A read that was outdated.</param>
    /// <param name="failover">Timestamp of the old primary's end.</param>
    public static bool Explain(OutdatedRead read, long failover) =>
        Stopwatch.GetElapsedTime(read.AcknowledgedAt, failover) is var before && before >= TimeSpan.Zero && before < LongestLag;
}
