using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>A cluster: the client library knows which node has a key, and follows slots that move.</summary>
internal sealed class RedisCluster(ConnectionMultiplexer client) : IRedisTopology
{
    private static readonly TimeSpan BetweenMeasurements = TimeSpan.FromSeconds(10);

    public bool IsCluster => true;

    public TimeSpan LearnsEvery => BetweenMeasurements;

    public async Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout)
    {
        if (learns)
        {
            // After a failover this is how the client library learns who has the slots.
            await client.ConfigureAsync().WaitAsync(timeout);
        }

        var bySlot = new string?[ClusterPrimaries.Slots];
        foreach (var node in Primaries())
        {
            if (await AskAsync(node, timeout) is { } incarnation)
            {
                foreach (var range in node.Slots)
                {
                    Array.Fill(bySlot, incarnation, range.From, range.To - range.From + 1);
                }
            }
        }

        return new ClusterPrimaries(client, bySlot);
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

    private async Task<string?> AskAsync(ClusterNode node, TimeSpan timeout)
    {
        try
        {
            return (await ReplicationState.AskAsync(client.GetServer(node.EndPoint)).WaitAsync(timeout)).Incarnation;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ArgumentException)
        {
            // Nothing that its keys hold is trusted until it answers.
            return null;
        }
    }
}
