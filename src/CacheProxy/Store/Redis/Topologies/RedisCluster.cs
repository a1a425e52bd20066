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

        var bySlot = new string?[Slots];
        var servers = new List<IServer>();
        foreach (var node in Primaries())
        {
            if (await AskAsync(node, timeout) is not var (server, replicationId))
            {
                continue;
            }

            servers.Add(server);
            foreach (var range in node.Slots)
            {
                Array.Fill(bySlot, replicationId, range.From, range.To - range.From + 1);
            }
        }

        return new ClusterPrimaries(client, servers, bySlot);
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

    private async Task<(IServer Server, string ReplicationId)?> AskAsync(ClusterNode node, TimeSpan timeout)
    {
        try
        {
            var server = client.GetServer(node.EndPoint);
            return (server, (await ReplicationState.AskAsync(server).WaitAsync(timeout)).ReplicationId);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ArgumentException)
        {
            // The entries of its slots are not trusted until it answers.
            return null;
        }
    }
}

/// <summary>The primaries of a cluster, each with the keys of its slots.</summary>
/// <param name="client">Knows a key's slot.</param>
/// <param name="servers">The primaries that answered.</param>
/// <param name="bySlot">The replication id of each slot's primary; <c>null</c> where it did not answer.</param>
internal sealed class ClusterPrimaries(ConnectionMultiplexer client, IReadOnlyList<IServer> servers, string?[] bySlot)
    : RedisPrimary(client.GetDatabase())
{
    public override IReadOnlyList<IServer> Servers => servers;

    protected override string? KnownReplicationIdOf(string key) => client.HashSlot(key) is var slot and >= 0 ? bySlot[slot] : null;
}
