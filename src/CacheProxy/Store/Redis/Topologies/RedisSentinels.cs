using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>The sentinels that a connection string with <c>serviceName</c> names: they know who the primary is.</summary>
internal sealed class RedisSentinels : IAsyncDisposable
{
    private readonly BackgroundConnection _connection;
    private readonly string _service;

    /// <param name="options">The connection string's; its end points are the sentinels.</param>
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
                // The next one may know.
            }
        }

        throw new RedisRolesException(0);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
