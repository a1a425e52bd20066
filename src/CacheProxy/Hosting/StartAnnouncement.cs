using CacheProxy.Configuration;

namespace CacheProxy.Hosting;

/// <summary>One line when the program serves, one when it stops.</summary>
internal sealed partial class StartAnnouncement(
    BoundListeners listeners, CurrentConfiguration current, ILogger<StartAnnouncement> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var configuration = current.Value;
        Started(
            logger,
            typeof(StartAnnouncement).Assembly.GetName().Version?.ToString(3),
            listeners.Proxy,
            listeners.Management,
            configuration.Options.Redis.ConnectionString.Length == 0 ? "in memory" : "Redis",
            string.Join(", ", configuration.Options.Policies.Select(static policy => policy.Name)));
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Stopped(logger);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        1000,
        LogLevel.Information,
        "CacheProxy {Version} listens on {Proxy}, management on {Management}; store: {Store}; policies: {Policies}")]
    private static partial void Started(
        ILogger logger, string? version, string proxy, string management, string store, string policies);

    [LoggerMessage(1001, LogLevel.Information, "CacheProxy stopped")]
    private static partial void Stopped(ILogger logger);
}
