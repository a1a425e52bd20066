using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

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
