using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// One primary, alone or with replicas: the only one of the configured nodes that claims to be the primary, or the node that the sentinels
/// name, if it claims so too. If the primary can change, replicas of CacheProxy do not notice the change at the same moment. So each uses
/// an answer for <see cref="TrustedFor"/> only, counted from the question, and waits as long before it uses a new primary, counted from the
/// answer: by then no replica uses the old one.
/// </summary>
/// <param name="options">How to connect to a node; its end points are the nodes, unless there are sentinels.</param>
/// <param name="sentinels"><c>null</c> if the connection string names none.</param>
/// <param name="wires">See <see cref="RedisNode"/>.</param>
/// <param name="failed">Called when the connection to the primary breaks.</param>
/// <param name="restored">Called when a connection is back.</param>
/// <param name="time">The clock.</param>
internal sealed class ElectedPrimary(
    ConfigurationOptions options, RedisSentinels? sentinels, RedisWires? wires, Action failed, Action restored, TimeProvider time) : IRedisTopology
{
    private static readonly TimeSpan TrustedFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenElections = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenMeasurements = TimeSpan.FromSeconds(10);

    private readonly Dictionary<EndPoint, RedisNode> _nodes = [];
    private readonly bool _mayChange = sentinels is not null || options.EndPoints.Count > 1;
    private volatile RedisNode? _current;
    private string _replicationId = "";
    private long _sinceTimestamp;
    private long _confirmedTimestamp;

    public bool IsCluster => false;

    public TimeSpan LearnsEvery => _mayChange ? BetweenElections : BetweenMeasurements;

    public async Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout)
    {
        var asking = time.GetTimestamp();
        EndPoint[] candidates = sentinels is null ? [.. options.EndPoints] : [await sentinels.AskAsync(timeout)];
        var asked = candidates.Select(candidate => AskAsync(Node(candidate), timeout, alone: candidates.Length == 1)).ToArray();
        var replies = await Task.WhenAll(asked);
        var answered = time.GetTimestamp();
        var primaries = replies.Where(static reply => reply.State is { IsPrimary: true }).ToArray();
        if (primaries is not [var (elected, state, _)])
        {
            throw Array.TrueForAll(replies, static reply => reply.Failure is not null)
                ? RedisDiagnosis.MostTelling([.. replies.Select(static reply => reply.Failure!)])
                : new NoSinglePrimaryException(primaries.Length);
        }

        var isNew = !ReferenceEquals(elected, _current) || state!.Value.ReplicationId != _replicationId;
        if (learns || isNew)
        {
            await elected.LearnAsync().WaitAsync(timeout);
        }

        if (isNew || time.GetElapsedTime(_confirmedTimestamp, asking) > TrustedFor)
        {
            _sinceTimestamp = answered;
        }

        await ForgetAllButAsync(candidates);
        return Confirm(elected, state!.Value, asking);
    }

    public async ValueTask DisposeAsync()
    {
        await ForgetAllButAsync([]);
        if (sentinels is not null)
        {
            await sentinels.DisposeAsync();
        }
    }

    private SinglePrimary Confirm(RedisNode elected, in ReplicationState state, long asked)
    {
        _current = elected;
        _replicationId = state.ReplicationId;
        _confirmedTimestamp = asked;
        if (!_mayChange)
        {
            return elected.AsPrimary(state, untilTimestamp: long.MaxValue);
        }

        if (time.GetElapsedTime(_sinceTimestamp) < TrustedFor)
        {
            throw new NoSinglePrimaryException(1);
        }

        return elected.AsPrimary(state, asked + (long)(TrustedFor.TotalSeconds * time.TimestampFrequency));
    }

    private RedisNode Node(EndPoint endPoint)
    {
        if (!_nodes.TryGetValue(endPoint, out var node))
        {
            node = new RedisNode(options, endPoint, wires, OnFailed, restored);
            _nodes.Add(endPoint, node);
        }

        return node;
    }

    private static async Task<(RedisNode Node, ReplicationState? State, Exception? Failure)> AskAsync(RedisNode node, TimeSpan timeout, bool alone)
    {
        try
        {
            return (node, await node.AskAsync().WaitAsync(timeout), null);
        }
        catch (Exception exception) when (!alone)
        {
            // A node that does not answer is not elected; the others still count.
            return (node, null, exception);
        }
    }

    private void OnFailed(RedisNode node)
    {
        if (ReferenceEquals(node, _current))
        {
            failed();
        }
    }

    private async ValueTask ForgetAllButAsync(EndPoint[] candidates)
    {
        foreach (var endPoint in _nodes.Keys.Except(candidates).ToArray())
        {
            _nodes.Remove(endPoint, out var node);
            await node!.DisposeAsync();
        }
    }
}

/// <summary>
/// The sentinels of a connection string with <c>serviceName</c>; they know who the primary is. The client library can follow sentinels,
/// too, but it switches a connection to the new primary without asking for its replication id, and while other replicas still use the old one.
/// </summary>
internal sealed class RedisSentinels : IAsyncDisposable
{
    private readonly BackgroundConnection _connection;
    private readonly string _service;

    /// <param name="options">From the connection string; its end points are the sentinels.</param>
    public RedisSentinels(ConfigurationOptions options)
    {
        _service = options.ServiceName ?? "";
        var own = options.Clone();
        own.ServiceName = null;
        own.CommandMap = CommandMap.Sentinel;
        _connection = new BackgroundConnection(own, static () => { }, static () => { });
    }

    /// <summary>The primary's address, from the first sentinel that knows it.</summary>
    public async Task<EndPoint> AskAsync(TimeSpan timeout)
    {
        var client = await _connection.Client.WaitAsync(timeout);
        var failures = new List<Exception>();
        foreach (var sentinel in client.GetEndPoints())
        {
            try
            {
                if (await client.GetServer(sentinel).SentinelGetMasterAddressByNameAsync(_service).WaitAsync(timeout) is { } primary)
                {
                    return primary;
                }
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                // The next sentinel is asked.
                failures.Add(exception);
            }
        }

        throw new NoSinglePrimaryException(0, failures.Count > 0 ? RedisDiagnosis.MostTelling(failures) : null);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
