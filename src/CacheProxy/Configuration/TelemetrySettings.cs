using System.Collections;
using CacheProxy.Telemetry;
using Serilog.Events;

namespace CacheProxy.Configuration;

/// <summary>Reads what is configured about logs and metrics.</summary>
internal static class TelemetrySettings
{
    public const string LogSection = "Serilog";

    /// <summary>Read at the start only: the series of a metric have a limit that is set there.</summary>
    public const string Section = "CacheProxy:Telemetry";

    private const string Prefix = "OTEL_";

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

    /// <summary>Reads the section <c>CacheProxy:Telemetry</c>.</summary>
    public static TelemetryOptions Read(SettingsReader reader)
    {
        var defaults = new TelemetryOptions();
        var options = new TelemetryOptions
        {
            Tenants = reader.Integer(nameof(TelemetryOptions.Tenants), defaults.Tenants, 0, TenantTable.MostTenants),
        };
        reader.RefuseTheRest();
        return options;
    }

    /// <summary>
    /// OpenTelemetry's variables as configuration, in which the library looks for them. The one that switches the library off is left
    /// out: it means the sending, and <c>/metrics</c> needs the library.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> MetricsVariables() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
        .Where(static variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal) && variable.Key != ExportVariables.Disabled);

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

/// <summary>What is measured on demand (<c>CacheProxy:Telemetry</c>).</summary>
internal sealed record TelemetryOptions
{
    /// <summary>
    /// How many tenants have series of their own in <c>cacheproxy_tenants_requests_total</c>, 0 to 1,000: the busiest ones, five series each.
    /// All others share those of the tenant <c>*</c>. Default: 0, no such series. Takes effect at the start.
    /// </summary>
    public int Tenants { get; init; }
}
