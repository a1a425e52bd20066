using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>Finds out whether a connection string leads to a cluster, to sentinels, or to one primary.</summary>
/// <param name="connectionString">Already checked by the configuration.</param>
/// <param name="wires">See <see cref="RedisNode"/>.</param>
/// <param name="failed">Called when a connection that requests use breaks, with the node's end point where there are several.</param>
/// <param name="restored">Called when a connection is back.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">Cancelled when the process ends.</param>
internal sealed class TopologyDetection(
    string connectionString, RedisWires? wires, Action<EndPoint?> failed, Action restored, TimeProvider time, CancellationToken stopping) : IAsyncDisposable
{
    private ConnectionMultiplexer? _client;
    private volatile bool _isClosing;

    /// <summary>Throws while no node answers; the caller then tries again.</summary>
    public async Task<IRedisTopology> DetectAsync()
    {
        var options = RedisClient.Options(connectionString);
        if (!string.IsNullOrEmpty(options.ServiceName))
        {
            var sentinels = new RedisSentinels(options);
            options.ServiceName = null;
            return new ElectedPrimary(options, sentinels, wires, () => failed(null), restored, time);
        }

        _isClosing = false;
        _client ??= await RedisClient.ConnectAsync(options, OnFailed, restored, stopping);
        var kind = await FirstConnectedAsync(_client);
        var client = _client;
        _client = null;
        if (kind == ServerType.Cluster)
        {
            return new RedisCluster(client);
        }

        _isClosing = true;
        await RedisClient.CloseAsync(client);
        return new ElectedPrimary(options, sentinels: null, wires, () => failed(null), restored, time);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await RedisClient.CloseAsync(client);
        }
    }

    // Closing this connection, in order to open one to each node, is not a failure.
    private void OnFailed(EndPoint? endPoint)
    {
        if (!_isClosing)
        {
            failed(endPoint);
        }
    }

    private static async Task<ServerType> FirstConnectedAsync(ConnectionMultiplexer client)
    {
        var servers = client.GetEndPoints().Select(endPoint => client.GetServer(endPoint)).ToArray();
        if (servers.FirstOrDefault(static server => server.IsConnected) is { } connected)
        {
            return connected.ServerType;
        }

        // Why it does not connect, the client library says only to those who ask for something.
        var reasons = new List<Exception>();
        foreach (var server in servers)
        {
            try
            {
                await server.PingAsync();
            }
            catch (Exception exception)
            {
                // The most telling of them is thrown below.
                reasons.Add(exception);
            }
        }

        throw RedisDiagnosis.MostTelling(reasons);
    }
}
