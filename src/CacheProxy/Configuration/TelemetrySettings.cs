using CacheProxy.Telemetry;
using Serilog.Events;

namespace CacheProxy.Configuration;

/// <summary>Reads what is configured about logs and metrics.</summary>
internal static class TelemetrySettings
{
    public const string LogSection = "Serilog";
    public const string MetricsEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Reads the section <c>Serilog</c>: <c>MinimumLevel:Default</c>, <c>MinimumLevel:Override:CATEGORY</c>, and <c>Properties:NAME</c>,
    /// which every event then carries. The destination is not configurable: events go to standard output, where the platform collects them.
    /// </summary>
    public static LoggingOptions ReadLogging(SettingsReader reader)
    {
        var levels = ReadLevels(reader.Section("MinimumLevel"));
        var properties = reader.Section("Properties");
        var values = properties.Raw.GetChildren()
            .Select(child => KeyValuePair.Create(child.Key, properties.Text(child.Key) ?? ""))
            .ToDictionary(StringComparer.Ordinal);
        reader.RefuseTheRest();
        return new LoggingOptions(levels, values);
    }

    /// <summary>
    /// Whether metrics are sent. OpenTelemetry reads its variables itself, but replaces an address that it cannot read by its default
    /// without a word, so this one is checked here.
    /// </summary>
    public static bool SendsMetrics(List<ConfigurationProblem> problems)
    {
        if (Environment.GetEnvironmentVariable(MetricsEndpointVariable) is not { Length: > 0 } text)
        {
            return false;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            problems.Add(new ConfigurationProblem(MetricsEndpointVariable, text, "the address of a collector, such as http://localhost:4317"));
        }

        return true;
    }

    private static LogLevels ReadLevels(SettingsReader levels)
    {
        var section = levels.Section("Override");
        var overrides = new Dictionary<string, LogEventLevel>(LogLevels.Absent.Overrides, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.Raw.GetChildren())
        {
            overrides[child.Key] = section.Choice(child.Key, LogEventLevel.Information);
        }

        var normal = levels.Choice("Default", LogLevels.Absent.Default);
        levels.RefuseTheRest();
        return new LogLevels(normal, overrides);
    }
}
