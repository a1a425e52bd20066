using System.Globalization;
using StackExchange.Redis;

namespace CacheProxy.Stores.Redis;

/// <summary>Makes connections as this product wants them.</summary>
internal static class RedisClient
{
    private const int ReconnectMilliseconds = 250;

    /// <summary>A connection, or one that goes on trying: a Redis that is absent is no failure here.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(string connectionString, CancellationToken stopping)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
        options.ClientName ??= string.Create(CultureInfo.InvariantCulture, $"cacheproxy-{Environment.ProcessId}");
        RedisClientDifferences.BeforeConnect(options);
        var connecting = ConnectionMultiplexer.ConnectAsync(options);
        try
        {
            var multiplexer = await connecting.WaitAsync(stopping);
            RedisClientDifferences.AfterConnect(multiplexer);
            return multiplexer;
        }
        catch (OperationCanceledException)
        {
            // The process ends; a connection that comes about all the same is closed.
            _ = connecting.ContinueWith(static late => late.Result.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
            throw;
        }
    }
}
