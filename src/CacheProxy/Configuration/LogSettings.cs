using CacheProxy.Observability;
using Serilog.Events;

namespace CacheProxy.Configuration;

/// <summary>Reads <c>Serilog:MinimumLevel</c>, with <c>Default</c> and <c>Override:CATEGORY</c>. The rest of the section is Serilog's own.</summary>
internal static class LogSettings
{
    public const string SectionName = "Serilog";

    public static LogLevels Read(SettingsReader reader)
    {
        reader.Know("Using", "WriteTo", "Enrich", "Properties", "Filter", "Destructure");
        var levels = reader.Section("MinimumLevel");
        var section = levels.Section("Override");
        var overrides = new Dictionary<string, LogEventLevel>(LogLevels.Absent.Overrides, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.Raw.GetChildren())
        {
            overrides[child.Key] = section.Choice(child.Key, LogEventLevel.Information);
        }

        var normal = levels.Choice("Default", LogLevels.Absent.Default);
        levels.RefuseTheRest();
        reader.RefuseTheRest();
        return new LogLevels(normal, overrides);
    }
}
