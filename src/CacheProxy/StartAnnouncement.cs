using CacheProxy.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CacheProxy;

/// <summary>One line when the program serves, one when it stops.</summary>
internal sealed partial class StartAnnouncement(
    IServer server, CurrentConfiguration current, ILogger<StartAnnouncement> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var configuration = current.Value;
        Started(
            logger,
            typeof(StartAnnouncement).Assembly.GetName().Version?.ToString(3),
            string.Join(", ", server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []),
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

    [LoggerMessage(100, LogLevel.Information, "CacheProxy {Version:l} listens on {Addresses:l}; store: {Store:l}; policies: {Policies:l}")]
    private static partial void Started(ILogger logger, string? version, string addresses, string store, string policies);

    [LoggerMessage(101, LogLevel.Information, "CacheProxy stopped")]
    private static partial void Stopped(ILogger logger);
}
