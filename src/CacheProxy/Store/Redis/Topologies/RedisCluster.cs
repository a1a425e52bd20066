using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>A cluster. The client library knows which node has a key, and follows slots that move.</summary>
internal sealed class RedisCluster(ConnectionMultiplexer client) : IRedisTopology
{
    private const int Slots = 16_384;
    private static readonly TimeSpan BetweenMeasurements = TimeSpan.FromSeconds(10);

    public bool IsCluster => true;

    public TimeSpan LearnsEvery => BetweenMeasurements;

    public async Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout)
    {
        if (learns)
        {
            // This is how the client library learns of a failover.
            await client.ConfigureAsync().WaitAsync(timeout);
        }

        var bySlot = new ClusterShard?[Slots];
        var shards = new List<ClusterShard>();
        foreach (var node in Primaries())
        {
            var shard = await AskAsync(node, shards.Count, timeout);
            shards.Add(shard);
            foreach (var range in node.Slots)
            {
                Array.Fill(bySlot, shard, range.From, range.To - range.From + 1);
            }
        }

        return new ClusterPrimaries(client, shards, bySlot);
    }

    public ValueTask DisposeAsync() => RedisClient.CloseAsync(client);

    private IEnumerable<ClusterNode> Primaries()
    {
        foreach (var endPoint in client.GetEndPoints())
        {
            if (client.GetServer(endPoint) is { IsConnected: true, ClusterConfiguration: { } configuration })
            {
                return configuration.Nodes.Where(static node => node.Slots.Count > 0);
            }
        }

        return [];
    }

    private async Task<ClusterShard> AskAsync(ClusterNode node, int number, TimeSpan timeout)
    {
        try
        {
            var server = client.GetServer(node.EndPoint);
            var state = await ReplicationState.AskAsync(server).WaitAsync(timeout);
            return new ClusterShard(number, node.EndPoint, server, state.ReplicationId, state.MayDropKeys);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ArgumentException)
        {
            // The entries of its slots are not trusted until it answers.
            return new ClusterShard(number, node.EndPoint, server: null, replicationId: null, mayDropKeys: false);
        }
    }
}

/// <summary>The primaries of a cluster, each with the keys of its slots.</summary>
/// <param name="client">Knows a key's slot.</param>
/// <param name="shards">All primaries.</param>
/// <param name="bySlot">Each slot's primary; <c>null</c> where nobody has it.</param>
internal sealed class ClusterPrimaries(ConnectionMultiplexer client, IReadOnlyList<ClusterShard> shards, ClusterShard?[] bySlot)
    : RedisPrimary(client.GetDatabase())
{
    private const int Slots = 16_384;

    public override IReadOnlyList<IServer> Servers { get; } = [.. shards.Select(static shard => shard.Server).OfType<IServer>()];

    public override bool IsWhole => Servers.Count == shards.Count && !bySlot.AsSpan().Contains(null);

    public override bool MayMoveKeys => true;

    public override string? ReplicationIdOf(string key) => ShardOf(key)?.ReplicationId;

    public override bool MayDrop(string key) => ShardOf(key + DependentIndex.Suffix)?.MayDropKeys == true;

    public override bool MayDropAny => shards.Any(static shard => shard.MayDropKeys);

    public override IReadOnlyCollection<string> ReplicationIds => [.. shards.Select(static shard => shard.ReplicationId).OfType<string>()];

    public override string? KeyOn(string replicationId, string name)
    {
        // With one slot of all, it takes as many tries; where the prefix has a hash tag, all keys are on one node, and the others need none.
        for (var number = 0; number < Slots; number++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"{name}:{number}");
            if (ShardOf(key)?.ReplicationId == replicationId)
            {
                return key;
            }
        }

        return null;
    }

    protected override string? ReplicationIdOfIndex(string key) => ReplicationIdOf(key + DependentIndex.Suffix);

    public override int NodeOf(string key) => ShardOf(key)?.Number ?? -1;

    public override EndPoint? EndPointOf(string key) => ShardOf(key)?.EndPoint;

    public override void Doubt(EndPoint? endPoint)
    {
        var isPrimary = endPoint is not null && shards.Any(shard => endPoint.Equals(shard.EndPoint));
        foreach (var shard in shards)
        {
            if (!isPrimary || endPoint!.Equals(shard.EndPoint))
            {
                shard.Doubt();
            }
        }
    }

    private ClusterShard? ShardOf(string key) => client.HashSlot(key) is var slot and >= 0 ? bySlot[slot] : null;
}

/// <summary>One primary of a cluster.</summary>
/// <param name="number">Tells it from the others.</param>
/// <param name="endPoint">Its address, if the cluster says it.</param>
/// <param name="server"><c>null</c> if it did not answer.</param>
/// <param name="replicationId"><c>null</c> if it did not answer.</param>
/// <param name="mayDropKeys">Whether it drops keys that have not expired when its memory is full.</param>
internal sealed class ClusterShard(int number, EndPoint? endPoint, IServer? server, string? replicationId, bool mayDropKeys)
{
    private volatile string? _replicationId = replicationId;

    public int Number => number;

    public bool MayDropKeys => mayDropKeys;

    public EndPoint? EndPoint => endPoint;

    public IServer? Server => server;

    public string? ReplicationId => _replicationId;

    public void Doubt() => _replicationId = null;
}
