using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// One node with two connections of its own, one for bodies and one for the rest. Given several nodes, the client library chooses among
/// them itself: as soon as it reconnects, it sends requests to whichever node it then takes for the primary.
/// </summary>
internal sealed class RedisNode : IAsyncDisposable
{
    private readonly BackgroundConnection _connection;
    private readonly BackgroundConnection _bodies;
    private readonly EndPoint _endPoint;

    /// <param name="options">How to connect.</param>
    /// <param name="endPoint">Where to connect.</param>
    /// <param name="failed">Called when the connection breaks.</param>
    /// <param name="restored">Called when it is back.</param>
    public RedisNode(ConfigurationOptions options, EndPoint endPoint, Action<RedisNode> failed, Action restored)
    {
        _endPoint = endPoint;
        var own = options.Clone();
        own.EndPoints.Clear();
        own.EndPoints.Add(endPoint);
        _connection = new BackgroundConnection(own, () => failed(this), restored);
        _bodies = new BackgroundConnection(own.Clone(), () => failed(this), restored);
    }

    /// <summary>What the node says about its replication.</summary>
    public async Task<ReplicationState> AskAsync()
    {
        var client = await _connection.Client;
        var bodies = await _bodies.Client;
        if (!bodies.IsConnected)
        {
            // It fails, and the exception says why there is no connection.
            await bodies.GetDatabase().PingAsync();
        }

        return await ReplicationState.AskAsync(client.GetServer(_endPoint));
    }

    /// <summary>Makes the client library ask the node for its role again.</summary>
    public async Task LearnAsync() =>
        await Task.WhenAll((await _connection.Client).ConfigureAsync(), (await _bodies.Client).ConfigureAsync());

    /// <summary>This node as the primary. Only for a node that has answered.</summary>
    /// <param name="replicationId">From its answer.</param>
    /// <param name="untilTimestamp">See <see cref="RedisPrimary.UntilTimestamp"/>.</param>
    public SinglePrimary AsPrimary(string replicationId, long untilTimestamp)
    {
        var client = _connection.Client.Result;
        var bodies = _bodies.Client.Result;
        return new SinglePrimary(client.GetDatabase(), bodies.GetDatabase(), client.GetServer(_endPoint), replicationId)
        {
            UntilTimestamp = untilTimestamp,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _bodies.DisposeAsync();
    }
}

/// <summary>What a node says about its replication (<c>INFO replication</c>).</summary>
/// <param name="IsPrimary">Whether it claims to be a primary.</param>
/// <param name="ReplicationId">
/// The first digits of its replication id. <see cref="RedisPrimary.NoReplicationId"/> if the answer does not contain one.
/// </param>
internal readonly record struct ReplicationState(bool IsPrimary, string ReplicationId)
{
    private const int Digits = 16;

    public static async Task<ReplicationState> AskAsync(IServer server)
    {
        try
        {
            return Parse((await server.InfoRawAsync("replication"))!);
        }
        catch (RedisServerException exception) when (RedisFailures.Classify(exception) is RedisFailure.Refused or RedisFailure.CommandDenied)
        {
            // INFO is not allowed. Whether the node takes writes shows at the first one.
            return new ReplicationState(IsPrimary: true, RedisPrimary.NoReplicationId);
        }
    }

    public static ReplicationState Parse(string text)
    {
        var state = new ReplicationState(IsPrimary: true, RedisPrimary.NoReplicationId);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon < 0)
            {
                continue;
            }

            var value = line[(colon + 1)..].Trim();
            switch (line[..colon])
            {
                case "role":
                    state = state with { IsPrimary = value is "master" };
                    break;
                case "master_replid" when value.Length >= Digits && !value.ContainsAnyExcept("0123456789abcdef"):
                    state = state with { ReplicationId = value[..Digits].ToString() };
                    break;
            }
        }

        return state;
    }
}
