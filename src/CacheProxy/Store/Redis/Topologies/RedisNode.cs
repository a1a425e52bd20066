using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// One node with a connection of its own, so that the client library has no choice to make: with several it would send requests to
/// whichever it takes for the primary the moment that it reconnects.
/// </summary>
internal sealed class RedisNode : IAsyncDisposable
{
    private readonly BackgroundConnection _connection;
    private readonly EndPoint _endPoint;

    /// <param name="options">How to connect.</param>
    /// <param name="endPoint">Where.</param>
    /// <param name="failed">Told when the connection breaks.</param>
    /// <param name="restored">Told when it is there again.</param>
    public RedisNode(ConfigurationOptions options, EndPoint endPoint, Action<RedisNode> failed, Action restored)
    {
        _endPoint = endPoint;
        var own = options.Clone();
        own.EndPoints.Clear();
        own.EndPoints.Add(endPoint);
        _connection = new BackgroundConnection(own, () => failed(this), restored);
    }

    /// <summary>The database of a node that has answered.</summary>
    public IDatabase Database => _connection.Client.Result.GetDatabase();

    /// <summary>What it says of itself.</summary>
    public async Task<ReplicationState> AskAsync()
    {
        var client = await _connection.Client;
        return await ReplicationState.AskAsync(client.GetServer(_endPoint));
    }

    /// <summary>Lets the client library learn the node's role anew.</summary>
    public async Task LearnAsync() => await (await _connection.Client).ConfigureAsync();

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
