using Serilog;
using Serilog.Core;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;

namespace CacheProxy.Observability;

/// <summary>
/// Serilog as the one logging provider: a JSON line per event to standard output, readable text in development. Levels follow a reload.
/// </summary>
internal sealed class LoggingSetup
{
    private const string ReadableLine = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {Properties:j}{NewLine}{Exception}";

    // The framework reports these with a stack trace; the start itself reports them readably to standard error.
    private static readonly string[] ReportedOtherwise = ["Hosting failed to start", "Unable to start Kestrel."];

    private readonly LoggingLevelSwitch _default;
    private readonly Dictionary<string, LoggingLevelSwitch> _overrides;

    public LoggingSetup(LogLevels levels)
    {
        _default = new LoggingLevelSwitch(levels.Default);
        _overrides = levels.Overrides.ToDictionary(
            static pair => pair.Key, static pair => new LoggingLevelSwitch(pair.Value), StringComparer.OrdinalIgnoreCase);
    }

    /// <param name="logging">Where the provider is added.</param>
    /// <param name="serilog">The values under <c>Serilog</c>; its sinks, when it has any, replace the console.</param>
    /// <param name="readable">Text instead of JSON.</param>
    /// <param name="sink">Takes all events in place of the console.</param>
    public void AddTo(ILoggingBuilder logging, IConfigurationSection serilog, bool readable, ILogEventSink? sink)
    {
        var configuration = new LoggerConfiguration()
            .ReadFrom.Configuration(WithoutLevels(serilog))
            .MinimumLevel.ControlledBy(_default)
            .Filter.ByExcluding(static logged => ReportedOtherwise.Contains(logged.MessageTemplate.Text));
        foreach (var (category, level) in _overrides)
        {
            configuration.MinimumLevel.Override(category, level);
        }

        WriteTo(configuration, hasSinks: serilog.GetSection("WriteTo").GetChildren().Any(), readable, sink);

        // Serilog decides by its own levels. Without the framework's line per request there is neither a scope on our events nor an
        // activity per request, whose traceparent would be sent on to the API.
        logging.SetMinimumLevel(LogLevel.Trace);
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.Services.AddSingleton<ILoggerProvider>(new SerilogLoggerProvider(configuration.CreateLogger(), dispose: true));
    }

    /// <summary>Takes over new levels. An override that was not there at the start needs a restart; returns whether all took effect.</summary>
    public bool TryFollow(LogLevels levels)
    {
        _default.MinimumLevel = levels.Default;
        foreach (var (category, level) in levels.Overrides)
        {
            if (_overrides.TryGetValue(category, out var known))
            {
                known.MinimumLevel = level;
            }
        }

        return levels.Overrides.Keys.All(_overrides.ContainsKey) && _overrides.Keys.All(levels.Overrides.ContainsKey);
    }

    private static void WriteTo(LoggerConfiguration configuration, bool hasSinks, bool readable, ILogEventSink? sink)
    {
        if (sink is not null)
        {
            configuration.WriteTo.Sink(sink);
        }
        else if (readable && !hasSinks)
        {
            configuration.WriteTo.Console(outputTemplate: ReadableLine, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        }
        else if (!hasSinks)
        {
            configuration.WriteTo.Console(new JsonFormatter(renderMessage: true));
        }
    }

    // The levels are switches of ours, so that they can follow a reload; Serilog would read them once.
    private static IConfigurationRoot WithoutLevels(IConfigurationSection serilog) => new ConfigurationBuilder()
        .AddInMemoryCollection(serilog.AsEnumerable().Where(static pair =>
            !pair.Key.StartsWith("Serilog:MinimumLevel", StringComparison.OrdinalIgnoreCase)))
        .Build();
}
