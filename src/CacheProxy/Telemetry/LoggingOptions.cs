namespace CacheProxy.Telemetry;

/// <summary>The section <c>Serilog</c>, read and checked.</summary>
/// <param name="Levels">Which events are written.</param>
/// <param name="Properties">Added to every event, such as the pod's name. Default: none.</param>
internal sealed record LoggingOptions(LogLevels Levels, IReadOnlyDictionary<string, string> Properties);
