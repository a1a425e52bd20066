using Serilog.Events;

namespace CacheProxy.Telemetry;

/// <summary>The section <c>Serilog</c>, read and checked.</summary>
/// <param name="Levels">Which events are written.</param>
/// <param name="Properties">Added to every event, such as the pod's name. Default: none.</param>
internal sealed record LoggingOptions(LogLevels Levels, IReadOnlyDictionary<string, string> Properties);

/// <summary>The lowest level that is written.</summary>
/// <param name="Default">For categories without an override.</param>
/// <param name="Overrides">By category or the start of one.</param>
internal sealed record LogLevels(LogEventLevel Default, IReadOnlyDictionary<string, LogEventLevel> Overrides)
{
    /// <summary>The defaults: our own events from Information on, of the libraries only trouble.</summary>
    public static LogLevels Absent { get; } = new(
        LogEventLevel.Information,
        new Dictionary<string, LogEventLevel>(StringComparer.OrdinalIgnoreCase)
        {
            ["Microsoft"] = LogEventLevel.Warning,
            ["System"] = LogEventLevel.Warning,
            ["Yarp"] = LogEventLevel.Error,
        });
}
