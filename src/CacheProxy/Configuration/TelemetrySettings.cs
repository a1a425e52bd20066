using System.Collections;
using CacheProxy.Telemetry;
using Serilog.Events;

namespace CacheProxy.Configuration;

/// <summary>Reads what is configured about logs and metrics.</summary>
internal static class TelemetrySettings
{
    public const string LogSection = "Serilog";
    public const string MetricsEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Prefix = "OTEL_";
    private const string DisabledVariable = "OTEL_SDK_DISABLED";

    /// <summary>
    /// Reads the section <c>Serilog</c>: <c>MinimumLevel:Default</c>, <c>MinimumLevel:Override:CATEGORY</c>, and <c>Properties:NAME</c>,
    /// which every event then carries. The destination is not configurable: events go to standard output, where the platform collects them.
    /// Serilog's own reader is not used: it ignores what it does not know, and a reload would take effect before it is checked.
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

        return !string.Equals(Environment.GetEnvironmentVariable(DisabledVariable), "true", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// OpenTelemetry's variables as configuration, in which the library looks for them. The one that switches the library off is left
    /// out: it means the sending, and <c>/metrics</c> needs the library.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> MetricsVariables() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
        .Where(static variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal) && variable.Key != DisabledVariable);

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
