using Serilog.Events;

namespace CacheProxy.Telemetry;

/// <summary>From which level on events are written.</summary>
/// <param name="Default">For categories without an override.</param>
/// <param name="Overrides">By category or the start of one.</param>
internal sealed record LogLevels(LogEventLevel Default, IReadOnlyDictionary<string, LogEventLevel> Overrides)
{
    /// <summary>What holds where nothing is configured: our own events from Information on, of the libraries only trouble.</summary>
    public static LogLevels Absent { get; } = new(
        LogEventLevel.Information,
        new Dictionary<string, LogEventLevel>(StringComparer.OrdinalIgnoreCase)
        {
            ["Microsoft"] = LogEventLevel.Warning,
            ["System"] = LogEventLevel.Warning,
            ["Yarp"] = LogEventLevel.Error,
        });
}
