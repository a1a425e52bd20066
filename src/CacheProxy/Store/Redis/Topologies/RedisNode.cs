using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// One node with two connections for requests, one for bodies and one for the rest, and one of the client library's, for everything else.
/// Given several nodes, the client library chooses among them itself: as soon as it reconnects, it sends requests to whichever node it then
/// takes for the primary.
/// </summary>
internal sealed class RedisNode : IAsyncDisposable
{
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(1);

    private readonly BackgroundConnection _connection;
    private readonly BackgroundConnection? _bodies;
    private readonly EndPoint _endPoint;
    private readonly Func<Task<RedisWire>>? _connect;
    private Task<RedisWire>? _wire;
    private Task<RedisWire>? _bodyWire;

    /// <param name="options">How to connect.</param>
    /// <param name="endPoint">Where to connect.</param>
    /// <param name="wires">What it takes to connect without the client library; <c>null</c>: all is left to it.</param>
    /// <param name="failed">Called when the connection breaks.</param>
    /// <param name="restored">Called when it is back.</param>
    public RedisNode(ConfigurationOptions options, EndPoint endPoint, RedisWires? wires, Action<RedisNode> failed, Action restored)
    {
        _endPoint = endPoint;
        var own = options.Clone();
        own.EndPoints.Clear();
        own.EndPoints.Add(endPoint);
        _connection = new BackgroundConnection(own, () => failed(this), restored);
        if (wires is not null && RedisClient.SuitsWire(options))
        {
            _connect = () => RedisClient.OpenWireAsync(own, endPoint, wires, () => failed(this));
        }
        else
        {
            _bodies = new BackgroundConnection(own.Clone(), () => failed(this), restored);
        }
    }

    /// <summary>What the node says about its replication, after all its connections have been made.</summary>
    public async Task<ReplicationState> AskAsync()
    {
        var client = await _connection.Client;
        var server = client.GetServer(_endPoint);
        if (_bodies is not null)
        {
            var bodies = await _bodies.Client;
            if (!bodies.IsConnected)
            {
                // It fails, and the exception says why there is no connection.
                await bodies.GetDatabase().PingAsync();
            }
        }
        else
        {
            if (!server.IsConnected)
            {
                // It fails, and says why, or waits for the connection: never is a node without its own connections taken for usable.
                await client.GetDatabase().PingAsync();
            }

            var wires = Task.WhenAll(Connect(ref _wire), Connect(ref _bodyWire));
            foreach (var wire in await wires)
            {
                // One that has gone silent without breaking is found out here, and one that is idle is kept open.
                using var pong = await wire.SendAsync(new WordsCommand(["PING"]), PingTimeout);
            }
        }

        return await ReplicationState.AskAsync(server);
    }

    /// <summary>Makes the client library ask the node for its role again.</summary>
    public async Task LearnAsync()
    {
        await (await _connection.Client).ConfigureAsync();
        if (_bodies is not null)
        {
            await (await _bodies.Client).ConfigureAsync();
        }
    }

    /// <summary>This node as the primary. Only for a node that has answered.</summary>
    /// <param name="state">Its answer.</param>
    /// <param name="untilTimestamp">See <see cref="RedisPrimary.UntilTimestamp"/>.</param>
    public SinglePrimary AsPrimary(in ReplicationState state, long untilTimestamp)
    {
        var client = _connection.Client.Result;
        var bodies = _bodies?.Client.Result ?? client;
        return new SinglePrimary(client.GetDatabase(), bodies.GetDatabase(), client.GetServer(_endPoint), state.ReplicationId)
        {
            MayDropKeys = state.MayDropKeys,
            UntilTimestamp = untilTimestamp,
            WireToUse = Opened(_wire),
            BodyWireToUse = Opened(_bodyWire),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        if (_bodies is not null)
        {
            await _bodies.DisposeAsync();
        }

        _ = CloseAsync(_wire);
        _ = CloseAsync(_bodyWire);
    }

    /// <summary>The one that is open or about to be; otherwise a new one.</summary>
    private Task<RedisWire> Connect(ref Task<RedisWire>? wire)
    {
        if (wire is null || IsLost(wire))
        {
            wire = _connect!();
        }

        return wire;
    }

    private static RedisWire? Opened(Task<RedisWire>? wire) => wire is { IsCompletedSuccessfully: true } ? wire.Result : null;

    private static bool IsLost(Task<RedisWire> wire) => wire.IsFaulted || wire.IsCanceled || (wire.IsCompletedSuccessfully && !wire.Result.IsOpen);

    /// <summary>Also one that is still being opened, without waiting for that.</summary>
    private static async Task CloseAsync(Task<RedisWire>? opening)
    {
        if (opening is null)
        {
            return;
        }

        try
        {
            (await opening).Dispose();
        }
        catch (Exception)
        {
            // It was never open.
        }
    }
}

/// <summary>What all connections without the client library have in common.</summary>
internal sealed record RedisWires(RedisScripts Scripts, RedisDeadlines Deadlines);

/// <summary>What a node says about its replication (<c>INFO replication</c>).</summary>
/// <param name="IsPrimary">Whether it claims to be a primary.</param>
/// <param name="ReplicationId">
/// The first digits of its replication id. <see cref="RedisPrimary.NoReplicationId"/> if the answer does not contain one.
/// </param>
/// <param name="MayDropKeys">Whether it drops keys that have not expired when its memory is full; so it is taken where it does not tell.</param>
internal readonly record struct ReplicationState(bool IsPrimary, string ReplicationId, bool MayDropKeys = true)
{
    private const int Digits = 16;

    public static async Task<ReplicationState> AskAsync(IServer server)
    {
        try
        {
            var memory = server.InfoRawAsync("memory");
            var state = Parse((await server.InfoRawAsync("replication"))!);
            return state with { MayDropKeys = DropsKeys((await memory)!) };
        }
        catch (RedisServerException exception) when (RedisFailures.Classify(exception) is RedisFailure.Refused or RedisFailure.CommandDenied)
        {
            // INFO is not allowed. Whether the node takes writes shows at the first one.
            return new ReplicationState(IsPrimary: true, RedisPrimary.NoReplicationId);
        }
    }

    /// <summary>Whether <c>INFO memory</c> says anything but that keys stay until they expire.</summary>
    public static bool DropsKeys(string memory)
    {
        var drops = true;
        foreach (var line in memory.AsSpan().EnumerateLines())
        {
            if (line is "maxmemory:0" or "maxmemory_policy:noeviction")
            {
                drops = false;
            }
        }

        return drops;
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
