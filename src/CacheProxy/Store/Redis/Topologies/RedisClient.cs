using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>Opens connections the way that CacheProxy needs them, and closes them.</summary>
internal static class RedisClient
{
    private const int ReconnectMilliseconds = 250;
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    /// <param name="connectionString">Already checked by the configuration.</param>
    public static ConfigurationOptions Options(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
        options.ClientName ??= string.Create(CultureInfo.InvariantCulture, $"cacheproxy-{Environment.ProcessId}");
        // Only the nodes say who the primary is, not a key or a message that any other client could write.
        options.TieBreaker = "";
        options.ConfigurationChannel = "";
        // The client library sends INFO only if it is allowed administrators' commands. Redis itself asks for no such right.
        options.AllowAdmin = true;
        // Without a connection a request fails at once and is forwarded; by default it would wait in a queue.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        return options;
    }

    /// <summary>A connection that keeps trying until it succeeds: an absent Redis is not an error here.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(
        ConfigurationOptions options, Action<EndPoint?> failed, Action restored, CancellationToken stopping)
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(options);
        try
        {
            var client = await connecting.WaitAsync(stopping);
            client.ConnectionFailed += (_, failure) =>
            {
                // No request waits for messages: whoever listens notices it by what does not come back.
                if (failure.ConnectionType != ConnectionType.Subscription)
                {
                    failed(failure.EndPoint);
                }
            };
            client.ConnectionRestored += (_, _) => restored();
            return client;
        }
        catch (OperationCanceledException)
        {
            // The process ends. If the connection still succeeds, it is closed.
            _ = connecting.ContinueWith(static late => late.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
            throw;
        }
    }

    public static async ValueTask CloseAsync(ConnectionMultiplexer client)
    {
        try
        {
            await client.CloseAsync(allowCommandsToComplete: false).WaitAsync(CloseTimeout);
        }
        catch (Exception)
        {
            // Disposing of it below closes it in any case.
        }

        await client.DisposeAsync();
    }

    /// <summary>
    /// Whether a <see cref="RedisWire"/> can be made of what the connection string says. TLS, whose certificates the client library judges in a way
    /// of its own, and what is rare are left to it.
    /// </summary>
    public static bool SuitsWire(ConfigurationOptions options) =>
        options is { Ssl: false, Proxy: StackExchange.Redis.Proxy.None, Tunnel: null, HighIntegrity: false }
        && ReferenceEquals(options.CommandMap, CommandMap.Default)
        && (string.IsNullOrEmpty(options.User) || !string.IsNullOrEmpty(options.Password));

    /// <summary>Connects as the client library does with these options, and gives the node all scripts. Throws when it cannot.</summary>
    /// <param name="options">Where they have several end points, <paramref name="endPoint"/> says which.</param>
    /// <param name="endPoint">The node.</param>
    /// <param name="wires">What all of them share.</param>
    /// <param name="broken">Called when the connection breaks.</param>
    public static async Task<RedisWire> OpenWireAsync(ConfigurationOptions options, EndPoint endPoint, RedisWires wires, Action broken)
    {
        var timeout = TimeSpan.FromMilliseconds(options.ConnectTimeout);
        using var ended = new CancellationTokenSource(timeout);
        var wire = new RedisWire(await OpenAsync(endPoint, ended.Token), wires.Deadlines, broken);
        try
        {
            await GreetAsync(wire, options, wires.Scripts, timeout);
            return wire;
        }
        catch
        {
            // There is no connection: whoever asked for it is told why.
            wire.Dispose();
            throw;
        }
    }

    private static async Task GreetAsync(RedisWire wire, ConfigurationOptions options, RedisScripts scripts, TimeSpan timeout)
    {
        var answers = new List<(Task<WireCall> Answer, bool MayFail)>();
        if (!string.IsNullOrEmpty(options.Password))
        {
            string[] authentication = string.IsNullOrEmpty(options.User) ? ["AUTH", options.Password] : ["AUTH", options.User, options.Password];
            // Where that is refused, the client library goes on as the user default; whether that one may shows in what comes next.
            Send(mayFail: true, authentication);
        }

        Send(mayFail: true, "CLIENT", "SETNAME", options.ClientName ?? "");
        if (options.DefaultDatabase is { } database and > 0)
        {
            Send(mayFail: false, "SELECT", database.ToString(CultureInfo.InvariantCulture));
        }

        // Before the first step. If loading is not allowed, steps send the text themselves.
        foreach (var script in scripts.All)
        {
            Send(mayFail: true, "SCRIPT", "LOAD", script.Text);
        }

        foreach (var (answer, mayFail) in answers)
        {
            using var call = await answer;
            if (!mayFail || call.Error?.StartsWith("NOAUTH", StringComparison.Ordinal) == true)
            {
                call.ThrowIfError();
            }
        }

        void Send(bool mayFail, params string[] words) => answers.Add((wire.SendAsync(new WordsCommand(words), timeout).AsTask(), mayFail));
    }

    private static async Task<Stream> OpenAsync(EndPoint endPoint, CancellationToken ended)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, ended);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            // There is no connection: whoever asked for it is told why.
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A connection that opens in the background and can be closed at any stage.</summary>
internal sealed class BackgroundConnection : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();

    /// <param name="options">How and where to connect.</param>
    /// <param name="failed">Called when the connection breaks.</param>
    /// <param name="restored">Called when it is back.</param>
    public BackgroundConnection(ConfigurationOptions options, Action failed, Action restored)
    {
        Client = RedisClient.ConnectAsync(options, _ => failed(), restored, _closing.Token);
        // Whoever awaits the client sees the failure. If nobody awaits it any more, it is ignored.
        _ = Client.ContinueWith(
            static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public Task<ConnectionMultiplexer> Client { get; }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        if (Client.IsCompletedSuccessfully)
        {
            await RedisClient.CloseAsync(await Client);
        }

        _closing.Dispose();
    }
}
