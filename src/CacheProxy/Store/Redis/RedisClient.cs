using System.Globalization;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Makes connections as this product wants them, and ends them.</summary>
internal static class RedisClient
{
    private const int ReconnectMilliseconds = 250;
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(1);

    /// <summary>What a checked connection string asks for.</summary>
    public static ConfigurationOptions Options(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
        options.ClientName ??= string.Create(CultureInfo.InvariantCulture, $"cacheproxy-{Environment.ProcessId}");
        // Who the primary is, is for the nodes to say: neither a key nor a message of some other client decides it.
        options.TieBreaker = "";
        options.ConfigurationChannel = "";
        // The client library counts INFO among the administrators' commands; it asks nothing of the server.
        options.AllowAdmin = true;
        // A request does not queue for a connection that is not there.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        return options;
    }

    /// <summary>A connection, or one that goes on trying: a Redis that is absent is no failure here.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(
        ConfigurationOptions options, Action failed, Action restored, CancellationToken stopping)
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(options);
        try
        {
            var client = await connecting.WaitAsync(stopping);
            client.ConnectionFailed += (_, _) => failed();
            client.ConnectionRestored += (_, _) => restored();
            return client;
        }
        catch (OperationCanceledException)
        {
            // The process ends; a connection that comes about all the same is closed.
            _ = connecting.ContinueWith(static late => late.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
            throw;
        }
    }

    public static async ValueTask CloseAsync(ConnectionMultiplexer client)
    {
        try
        {
            await client.CloseAsync(allowCommandsToComplete: false).WaitAsync(LongestGoodbye);
        }
        catch (Exception)
        {
            // It is given up either way.
        }

        await client.DisposeAsync();
    }
}
