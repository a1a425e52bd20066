using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>Finds out what a connection string leads to.</summary>
/// <param name="connectionString">Checked.</param>
/// <param name="failed">Told when a connection that matters breaks.</param>
/// <param name="restored">Told when a connection is there again.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">The process ends.</param>
internal sealed class TopologyDetection(
    string connectionString, Action failed, Action restored, TimeProvider time, CancellationToken stopping) : IAsyncDisposable
{
    private ConnectionMultiplexer? _client;
    private volatile bool _isParting;

    /// <summary>Throws while nobody answers; to be called again then.</summary>
    public async Task<IRedisTopology> DetectAsync()
    {
        var options = RedisClient.Options(connectionString);
        if (!string.IsNullOrEmpty(options.ServiceName))
        {
            var sentinels = new RedisSentinels(options);
            options.ServiceName = null;
            return new ElectedPrimary(options, sentinels, failed, restored, time);
        }

        _isParting = false;
        _client ??= await RedisClient.ConnectAsync(options, OnFailed, restored, stopping);
        var kind = FirstConnected(_client);
        var client = _client;
        _client = null;
        if (kind == ServerType.Cluster)
        {
            return new RedisCluster(client);
        }

        _isParting = true;
        await RedisClient.CloseAsync(client);
        return new ElectedPrimary(options, sentinels: null, failed, restored, time);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await RedisClient.CloseAsync(client);
        }
    }

    // That this connection is closed for others says nothing of Redis.
    private void OnFailed()
    {
        if (!_isParting)
        {
            failed();
        }
    }

    private static ServerType FirstConnected(ConnectionMultiplexer client)
    {
        foreach (var endPoint in client.GetEndPoints())
        {
            if (client.GetServer(endPoint) is { IsConnected: true } server)
            {
                return server.ServerType;
            }
        }

        throw new IOException("No node answers.");
    }
}
