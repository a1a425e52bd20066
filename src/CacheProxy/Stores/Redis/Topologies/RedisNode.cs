using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Stores.Redis.Topologies;

/// <summary>
/// One node with a connection of its own, so that the client library has no choice to make: with several it would send requests to
/// whichever it takes for the primary the moment that it reconnects.
/// </summary>
internal sealed class RedisNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly Task<ConnectionMultiplexer> _connecting;
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
        _connecting = RedisClient.ConnectAsync(own, () => failed(this), restored, _closing.Token);
        // Seen by whoever asks the node; a node that nobody asks any more has nobody to tell.
        _ = _connecting.ContinueWith(
            static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>The database of a node that has answered.</summary>
    public IDatabase Database => _connecting.Result.GetDatabase();

    /// <summary>What it says of itself.</summary>
    public async Task<ReplicationState> AskAsync()
    {
        var client = await _connecting;
        return await ReplicationState.AskAsync(client.GetServer(_endPoint));
    }

    /// <summary>Lets the client library learn the node's role anew.</summary>
    public async Task LearnAsync() => await (await _connecting).ConfigureAsync();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (_connecting.IsCompletedSuccessfully)
        {
            await RedisClient.CloseAsync(await _connecting);
        }

        _closing.Dispose();
    }
}
