using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// One primary, alone or with replicas: among the configured nodes exactly one that takes itself for the primary, or the one that the
/// sentinels name and that agrees. Where it can change, processes learn of a change one after the other: what each knows is good for
/// <see cref="TrustedFor"/>, and a new primary is not used until nobody can rely on the old one any more.
/// </summary>
/// <param name="options">How to connect to a node; its end points are the nodes, unless there are sentinels.</param>
/// <param name="sentinels">Who knows; <c>null</c> where nobody does.</param>
/// <param name="failed">Told when the connection to the primary breaks.</param>
/// <param name="restored">Told when a connection is there again.</param>
/// <param name="time">The clock.</param>
internal sealed class ElectedPrimary(
    ConfigurationOptions options, RedisSentinels? sentinels, Action failed, Action restored, TimeProvider time) : IRedisTopology
{
    private static readonly TimeSpan TrustedFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenElections = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenMeasurements = TimeSpan.FromSeconds(10);

    private readonly Dictionary<EndPoint, RedisNode> _nodes = [];
    private readonly bool _mayChange = sentinels is not null || options.EndPoints.Count > 1;
    private volatile RedisNode? _current;
    private string _incarnation = "";
    private long _sinceTimestamp;
    private long _confirmedTimestamp;

    public bool IsCluster => false;

    public TimeSpan LearnsEvery => _mayChange ? BetweenElections : BetweenMeasurements;

    public async Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout)
    {
        var asking = time.GetTimestamp();
        EndPoint[] candidates = sentinels is null ? [.. options.EndPoints] : [await sentinels.AskAsync(timeout)];
        var asked = candidates.Select(candidate => AskAsync(Node(candidate), timeout, alone: candidates.Length == 1)).ToArray();
        var answers = (await Task.WhenAll(asked)).Where(static answer => answer.State is not null).ToArray();
        var primaries = answers.Where(static answer => answer.State is { IsPrimary: true }).ToArray();
        if (primaries is not [var (elected, state)])
        {
            throw answers.Length == 0 ? new IOException("No node answers.") : new RedisRolesException(primaries.Length);
        }

        var isNew = !ReferenceEquals(elected, _current) || state!.Value.Incarnation != _incarnation;
        if (learns || isNew)
        {
            await elected.LearnAsync().WaitAsync(timeout);
        }

        if (isNew || time.GetElapsedTime(_confirmedTimestamp, asking) > TrustedFor)
        {
            _sinceTimestamp = asking;
        }

        await ForgetAllButAsync(candidates);
        return Confirm(elected, state!.Value.Incarnation, asking);
    }

    public async ValueTask DisposeAsync()
    {
        await ForgetAllButAsync([]);
        if (sentinels is not null)
        {
            await sentinels.DisposeAsync();
        }
    }

    private SinglePrimary Confirm(RedisNode elected, string incarnation, long asked)
    {
        _current = elected;
        _incarnation = incarnation;
        _confirmedTimestamp = asked;
        if (!_mayChange)
        {
            return new SinglePrimary(elected.Database, incarnation);
        }

        if (time.GetElapsedTime(_sinceTimestamp) < TrustedFor)
        {
            throw new RedisRolesException(1);
        }

        return new SinglePrimary(elected.Database, incarnation)
        {
            UntilTimestamp = asked + (long)(TrustedFor.TotalSeconds * time.TimestampFrequency),
        };
    }

    private RedisNode Node(EndPoint endPoint)
    {
        if (!_nodes.TryGetValue(endPoint, out var node))
        {
            node = new RedisNode(options, endPoint, OnFailed, restored);
            _nodes.Add(endPoint, node);
        }

        return node;
    }

    private static async Task<(RedisNode Node, ReplicationState? State)> AskAsync(RedisNode node, TimeSpan timeout, bool alone)
    {
        try
        {
            return (node, await node.AskAsync().WaitAsync(timeout));
        }
        catch (Exception) when (!alone)
        {
            // A node that does not answer is nobody's choice; the others are asked all the same.
            return (node, null);
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
