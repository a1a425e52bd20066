using System.Collections.Concurrent;
using System.Globalization;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// Asks Redis as a whole: which node is the primary, what time is it there, and does it take writes? It opens the connections for that
/// and keeps them until they are closed.
/// </summary>
internal sealed class RedisProbe(
    RedisOptions options, RedisScripts scripts, TopologyDetection detection, RedisClock clock, ReplicationUses uses, TimeProvider time)
{
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(1);

    // Enough that at least one of them probably belongs to a node that answers.
    private const int ClusterKeys = 6;

    private readonly RedisKey _key = options.KeyPrefix + "cacheproxy:probe:";
    private readonly TimeSpan _timeout = options.Timeout < MaxTimeout ? options.Timeout : MaxTimeout;
    private volatile IRedisTopology? _topology;

    public bool IsCluster => _topology is { IsCluster: true };

    /// <summary>When to probe again. Only after a probe that succeeded.</summary>
    public TimeSpan LearnsEvery => _topology!.LearnsEvery;

    /// <summary>The primary, if it answers and takes writes. Throws what the client library throws otherwise.</summary>
    public async Task<RedisPrimary> RunAsync(bool learns)
    {
        var topology = _topology ??= await detection.DetectAsync();
        var primary = await topology.FindAsync(learns, _timeout);
        await MeasureClockAsync(primary.Database);
        if (learns)
        {
            await LoadScriptsAsync(primary);
        }

        await WriteAsync(primary.Database, topology.IsCluster ? ClusterKeys : 1);
        await uses.NoteAsync(primary, _timeout);
        return primary;
    }

    public async Task CloseAsync()
    {
        await detection.DisposeAsync();
        if (_topology is { } topology)
        {
            _topology = null;
            await topology.DisposeAsync();
        }
    }

    private async Task MeasureClockAsync(IDatabase database)
    {
        var asked = time.GetTimestamp();
        var reply = await database.ExecuteAsync("TIME", [], CommandFlags.DemandMaster).WaitAsync(_timeout, time);
        var answered = time.GetTimestamp();
        var parts = (RedisValue[])reply!;
        clock.Measured(((long)parts[0] * 1000) + ((long)parts[1] / 1000), asked, answered);
    }

    private async Task LoadScriptsAsync(RedisPrimary primary)
    {
        foreach (var server in primary.Servers)
        {
            try
            {
                await scripts.LoadAsync(server).WaitAsync(_timeout, time);
            }
            catch (Exception)
            {
                // Loading saves a round trip at each script's first use and nothing else; if it is not allowed, steps send the text themselves.
            }
        }
    }

    /// <summary>
    /// A write that changes nothing; a primary that may not write answers everything else. In a cluster, one node that has failed must not
    /// speak for all, so several keys are tried.
    /// </summary>
    private async Task WriteAsync(IDatabase database, int keys)
    {
        for (var i = 1; ; i++)
        {
            try
            {
                var key = _key.Append(i.ToString(CultureInfo.InvariantCulture));
                // The client library deletes by UNLINK, which is one right more to grant.
                await database.ExecuteAsync("DEL", [key], CommandFlags.DemandMaster).WaitAsync(_timeout, time);
                return;
            }
            catch (Exception exception) when (i < keys && RedisFailures.Classify(exception) is RedisFailure.Disconnected or RedisFailure.NotReady)
            {
                // The next key may belong to a node that answers.
            }
        }
    }
}

/// <summary>
/// Redis's clock as an offset to this process's monotonic clock, measured again every few seconds. Replicas whose wall clocks differ thus
/// agree on the age of what they share. Before the first measurement it is this machine's wall clock.
/// </summary>
internal sealed class RedisClock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();
    private long _originMs = time.GetUtcNow().ToUnixTimeMilliseconds();

    public long NowMs => Volatile.Read(ref _originMs) + ElapsedMs(time.GetTimestamp());

    /// <summary>Redis read its clock at some moment between the two timestamps; the middle is the best guess.</summary>
    public void Measured(long redisMs, long asked, long answered) =>
        Volatile.Write(ref _originMs, redisMs - ((ElapsedMs(asked) + ElapsedMs(answered)) / 2));

    private long ElapsedMs(long timestamp) => (long)time.GetElapsedTime(_origin, timestamp).TotalMilliseconds;
}

/// <summary>
/// Since when the replicas have used each Redis that is in use, by its replication id. What another one granted before may be held for a lease
/// after that, and this one knows nothing of it. A node's first user notes the moment beside the entries, by the node's own clock
/// (<c>PREFIXcacheproxy:since:ID</c>), so that a replica that starts later need not wait.
/// </summary>
internal sealed class ReplicationUses(string keyPrefix, RedisScripts scripts, LongestLease longest, Action wake, TimeProvider time)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(30);

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

        var grace = length + HoldRequest.MarginOf(length);
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

/// <summary>The Redis that replicas share (<c>CacheProxy:Redis</c>).</summary>
internal sealed record RedisOptions
{
    /// <summary>A StackExchange.Redis configuration string. Default: empty, the embedded in-memory store of one process.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>Put before every key. Default: empty.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>How long one request may wait for Redis, over all its steps; 1 ms to 10 s. Default: 250 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(250);
}
