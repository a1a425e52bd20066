using CacheProxy.Telemetry;
using Serilog.Events;

namespace CacheProxy.Configuration;

/// <summary>
/// Reads the section <c>Serilog</c>: <c>MinimumLevel:Default</c>, <c>MinimumLevel:Override:CATEGORY</c>, and <c>Properties:NAME</c>, which
/// every event then carries. Where events go is not configurable: to standard output, where the platform collects them.
/// Serilog's own reader is not used: it ignores what it does not know, and a reload would take effect before it is checked.
/// </summary>
internal static class LogSettings
{
    public const string SectionName = "Serilog";

    public static LoggingOptions Read(SettingsReader reader)
    {
        var levels = ReadLevels(reader.Section("MinimumLevel"));
        var properties = reader.Section("Properties");
        var values = properties.Raw.GetChildren()
            .Select(child => KeyValuePair.Create(child.Key, properties.Text(child.Key) ?? ""))
            .ToDictionary(StringComparer.Ordinal);
        reader.RefuseTheRest();
        return new LoggingOptions(levels, values);
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
