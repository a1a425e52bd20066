using System.Globalization;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Compact;

namespace CacheProxy.Telemetry;

/// <summary>
/// Serilog as the one logging provider: a JSON line per event to standard output, readable text in development. Levels follow a reload.
/// </summary>
internal sealed class LoggingSetup
{
    private const string ReadableLine = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {Properties:j}{NewLine}{Exception}";

    // The framework reports these with a stack trace; Program reports them readably to standard error.
    private static readonly string[] ReportedOtherwise = ["Hosting failed to start", "Unable to start Kestrel."];

    private readonly LoggingLevelSwitch _default;
    private readonly Dictionary<string, LoggingLevelSwitch> _overrides;
    private readonly IReadOnlyDictionary<string, string> _properties;

    public LoggingSetup(LoggingOptions options)
    {
        var levels = options.Levels;
        _properties = options.Properties;
        _default = new LoggingLevelSwitch(levels.Default);
        _overrides = levels.Overrides.ToDictionary(
            static pair => pair.Key, static pair => new LoggingLevelSwitch(pair.Value), StringComparer.OrdinalIgnoreCase);
    }

    /// <param name="logging">Where the provider is added.</param>
    /// <param name="readable">Text instead of JSON.</param>
    /// <param name="sink">Takes all events in place of the console.</param>
    /// <param name="recent">Remembers the last ones.</param>
    public void AddTo(ILoggingBuilder logging, bool readable, ILogEventSink? sink, RecentEvents recent)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.ControlledBy(_default)
            .Filter.ByExcluding(static logged => ReportedOtherwise.Contains(logged.MessageTemplate.Text));
        foreach (var (category, level) in _overrides)
        {
            configuration.MinimumLevel.Override(category, level);
        }

        foreach (var (name, value) in _properties)
        {
            configuration.Enrich.WithProperty(name, value);
        }

        WriteTo(configuration.WriteTo, readable, sink);
        configuration.WriteTo.Sink(recent, LogEventLevel.Information);

        // A provider, not the logger factory that Serilog offers: that one adds every scope to every event, such as the connection's id,
        // and knows no filters. An event has the properties that it names itself.
        logging.AddSerilog(configuration.CreateLogger(), dispose: true);
        logging.Services.Configure<LoggerFilterOptions>(static options => options.CaptureScopes = false);

        // The framework's line per request brings an activity per request, whose traceparent would be sent on to the API.
        logging.AddFilter<SerilogLoggerProvider>("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }

    /// <summary>Takes over new levels; false when anything else changed, such as an added override, which needs a restart.</summary>
    public bool TryFollow(LoggingOptions options)
    {
        var levels = options.Levels;
        _default.MinimumLevel = levels.Default;
        foreach (var (category, level) in levels.Overrides)
        {
            if (_overrides.TryGetValue(category, out var known))
            {
                known.MinimumLevel = level;
            }
        }

        return levels.Overrides.Keys.All(_overrides.ContainsKey) && _overrides.Keys.All(levels.Overrides.ContainsKey)
            && _properties.Count == options.Properties.Count && !_properties.Except(options.Properties).Any();
    }

    private static void WriteTo(LoggerSinkConfiguration target, bool readable, ILogEventSink? sink) => _ = sink is not null
        ? target.Sink(sink)
        : readable
            ? target.Console(outputTemplate: ReadableLine, formatProvider: CultureInfo.InvariantCulture)
            : target.Console(new RenderedCompactJsonFormatter());
}

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
