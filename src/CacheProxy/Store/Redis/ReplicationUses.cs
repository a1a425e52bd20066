using System.Collections.Concurrent;
using System.Globalization;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// Since when the replicas have used each Redis that is in use, by its replication id. What another one granted before may be held for a lease
/// after that, and this one knows nothing of it. A node's first user notes the moment beside the entries, by the node's own clock
/// (<c>PREFIXcacheproxy:since:ID</c>), so that a replica that starts later need not wait.
/// </summary>
internal sealed class ReplicationUses(string keyPrefix, RedisScripts scripts, LongestLease longest, Action wake, TimeProvider time)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(30);
    private static readonly TimeSpan LeastMargin = TimeSpan.FromMilliseconds(100);

    private readonly string _key = keyPrefix + "cacheproxy:since:";
    private readonly ConcurrentDictionary<string, Use> _uses = new();
    private readonly HashSet<string> _retired = [];

    /// <summary>
    /// How long what another Redis granted may still be held, whatever it was. Zero where nothing is held: no policy has a <c>MemoryTtl</c>,
    /// or Redis does not show its replication id.
    /// </summary>
    public TimeSpan GraceOf(string? replicationId)
    {
        var length = longest.Length;
        if (length == TimeSpan.Zero || replicationId == RedisPrimary.NoReplicationId)
        {
            return TimeSpan.Zero;
        }

        // As the leases have theirs: clocks need not run alike.
        var grace = length + (length > LeastMargin * 10 ? length / 10 : LeastMargin);
        if (replicationId is null)
        {
            return grace;
        }

        var use = _uses.GetOrAdd(replicationId, static (_, now) => new Use(now, IsAsked: true), time.GetTimestamp());
        if (!use.IsAsked)
        {
            // The first policy has got its MemoryTtl since the node was asked.
            wake();
        }

        var left = grace - time.GetElapsedTime(use.Since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Notes which nodes are used from now on. Only for a primary that may be used: nobody uses its predecessor any more.</summary>
    public async Task NoteAsync(RedisPrimary primary, TimeSpan timeout)
    {
        foreach (var replicationId in primary.ReplicationIds)
        {
            // One that is back after another was used knows nothing of what that one has granted, however long ago it came into use.
            var use = _uses.GetOrAdd(
                replicationId, static (_, given) => new Use(given.Now, given.IsBack), (Now: time.GetTimestamp(), IsBack: _retired.Contains(replicationId)));
            if (longest.Length > TimeSpan.Zero && !use.IsAsked && replicationId != RedisPrimary.NoReplicationId)
            {
                var since = Math.Min(use.Since, await AskAsync(primary, replicationId, timeout));
                _uses[replicationId] = new Use(since, IsAsked: true);
            }
        }

        foreach (var known in _uses.Keys)
        {
            if (!primary.ReplicationIds.Contains(known))
            {
                _uses.TryRemove(known, out _);
                if (!primary.MayMoveKeys)
                {
                    _retired.Add(known);
                }
            }
        }
    }

    private async Task<long> AskAsync(RedisPrimary primary, string replicationId, TimeSpan timeout)
    {
        try
        {
            if (primary.KeyOn(replicationId, _key + replicationId) is { } key)
            {
                var reply = await primary.Database
                    .ScriptEvaluateAsync(scripts.Since.Text, [key], [(long)Remembered.TotalMilliseconds], CommandFlags.DemandMaster | CommandFlags.NoScriptCache)
                    .WaitAsync(timeout, time);
                var age = long.Parse(reply.ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
                // From the reply, and not from the question: later is safe.
                return time.GetTimestamp() - (long)(age * (time.TimestampFrequency / 1000.0));
            }
        }
        catch (Exception)
        {
            // Then it counts from this replica's own first use, and the first writes wait for longer.
        }

        return long.MaxValue;
    }

    /// <param name="Since">Timestamp.</param>
    /// <param name="IsAsked">Whether the node has been asked for it.</param>
    private sealed record Use(long Since, bool IsAsked);
}
