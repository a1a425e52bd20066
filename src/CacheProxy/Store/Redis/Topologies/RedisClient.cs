using System.Globalization;
using System.Net;
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
            client.ConnectionFailed += (_, failure) => failed(failure.EndPoint);
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
