using CacheProxy.Configuration;
using CacheProxy.Store;

namespace CacheProxy.Hosting;

/// <summary>
/// Reaches the store before the listeners open, and logs one line when the program serves and one when it has stopped. The listeners
/// are the last service to start and the first to stop.
/// </summary>
internal sealed partial class StartAndStop(
    CacheProxyOptions options,
    CacheProxyHostOptions host,
    ConfigurationSources sources,
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

        host.BeforeListening?.Invoke();
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Stopped(logger);
        return Task.CompletedTask;
    }

    private void Announce()
    {
        Started(
            logger,
            MetricSeries.Version,
            listeners.Proxy,
            listeners.Management,
            options.Redis.ConnectionString.Length == 0 ? "in memory" : "Redis",
            string.Join(", ", options.Policies.Select(static policy => policy.Name)),
            sources.FilesRead.Count == 0 ? "no file" : string.Join(", ", sources.FilesRead));
        if (sources.FileNotRead(Environment.CurrentDirectory) is { } file)
        {
            NotRead(logger, file, sources.Files[^1]);
        }
    }

    [LoggerMessage(
        1000,
        LogLevel.Information,
        "CacheProxy {Version} listens on {Proxy}, management on {Management}; store: {Store}; policies: {Policies}; configuration: {Files}")]
    private static partial void Started(
        ILogger logger, string? version, string proxy, string management, string store, string policies, string files);

    [LoggerMessage(1002, LogLevel.Warning, "{File} is in the working directory and is not read; the file that is read is {Expected}")]
    private static partial void NotRead(ILogger logger, string file, string expected);

    [LoggerMessage(1001, LogLevel.Information, "CacheProxy stopped")]
    private static partial void Stopped(ILogger logger);
}
