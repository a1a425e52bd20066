using CacheProxy.Telemetry;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration;

/// <summary>
/// Reads everything again when a file has changed. Only a configuration without a problem takes effect, and then as a whole; otherwise
/// the last good one stays, here and in YARP.
/// </summary>
internal sealed class ConfigurationReloader(
    ConfigurationSources sources,
    ConfigurationFileWatch watch,
    CurrentConfiguration current,
    RouteGeneration generation,
    InMemoryConfigProvider proxy,
    LoggingSetup logging,
    TimeProvider time,
    ILogger<ConfigurationReloader> logger) : BackgroundService
{
    private readonly Lock _lock = new();

    /// <summary>Reads now; returns whether the new configuration took effect.</summary>
    public bool Reload()
    {
        lock (_lock)
        {
            var problems = new List<ConfigurationProblem>(watch.Vanished());
            var next = problems.Count == 0 ? ConfigurationCompiler.Compile(sources, current.Value.Options.Redis, problems) : null;
            if (next is null)
            {
                Log.ReloadRefused(logger, problems.Count, ConfigurationReport.Text(problems));
                return false;
            }

            TakeOver(next);
            Log.Reloaded(logger, next.Proxy.Routes.Count, next.Options.Policies.Length);
            return true;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await watch.WaitForChangeAsync(time, stoppingToken))
        {
            try
            {
                Reload();
            }
            catch (Exception exception)
            {
                // A defect of ours must not end a program that serves: the last good configuration stays.
                Log.ReloadFailed(logger, exception);
            }
        }
    }

    private void TakeOver(ConfigurationSnapshot next)
    {
        var running = current.Value;
        foreach (var section in (string[])[KestrelSettings.SectionName, CacheProxySettings.RedisSection])
        {
            if (!SameValues(running.Values.GetSection(section), next.Values.GetSection(section)))
            {
                Log.NeedsRestart(logger, section);
            }
        }

        if (!logging.TryFollow(next.Logging))
        {
            Log.NeedsRestart(logger, LogSettings.SectionName);
        }

        current.Replace(next);
        proxy.Update(generation.Begin(next), next.Proxy.Clusters);
    }

    private static bool SameValues(IConfigurationSection left, IConfigurationSection right) =>
        left.AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .SequenceEqual(right.AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase));
}
