using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>A connection that comes about while nobody waits, and is closed however far it has got.</summary>
internal sealed class BackgroundConnection : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();

    /// <param name="options">How and where to connect.</param>
    /// <param name="failed">Told when the connection breaks.</param>
    /// <param name="restored">Told when it is there again.</param>
    public BackgroundConnection(ConfigurationOptions options, Action failed, Action restored)
    {
        Client = RedisClient.ConnectAsync(options, failed, restored, _closing.Token);
        // Seen by whoever asks for the client; one that nobody asks for any more has nobody to tell.
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
