using CacheProxy.Configuration;
using CacheProxy.Store;

namespace CacheProxy.Hosting;

/// <summary>
/// Reaches the store before the listeners open, and logs one line when the program serves and one when it has stopped. The listeners
/// are the last service to start and the first to stop.
/// </summary>
internal sealed partial class StartAndStop(
    CacheProxyOptions options,
    ICacheStore store,
    BoundListeners listeners,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<StartAndStop> logger) : IHostedService
{
    // Enough to connect, and to be sure of a primary that may change.
    private static readonly TimeSpan MaxStoreWait = TimeSpan.FromSeconds(5);

    /// <summary>A write that came in earlier would have no fence, while other replicas go on serving what it replaces.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Announce);
        try
        {
            await store.FirstContact.WaitAsync(MaxStoreWait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Requests are forwarded until it answers.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Stopped(logger);
        return Task.CompletedTask;
    }

    private void Announce() => Started(
        logger,
        typeof(StartAndStop).Assembly.GetName().Version?.ToString(3),
        listeners.Proxy,
        listeners.Management,
        options.Redis.ConnectionString.Length == 0 ? "in memory" : "Redis",
        string.Join(", ", options.Policies.Select(static policy => policy.Name)));

    [LoggerMessage(
        1000,
        LogLevel.Information,
        "CacheProxy {Version} listens on {Proxy}, management on {Management}; store: {Store}; policies: {Policies}")]
    private static partial void Started(
        ILogger logger, string? version, string proxy, string management, string store, string policies);

    [LoggerMessage(1001, LogLevel.Information, "CacheProxy stopped")]
    private static partial void Stopped(ILogger logger);
}
