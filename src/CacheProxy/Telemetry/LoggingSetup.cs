using System.Globalization;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;

namespace CacheProxy.Telemetry;

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
    public void AddTo(ILoggingBuilder logging, bool readable, ILogEventSink? sink)
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

        // Serilog decides by its own levels. Without the framework's line per request there is neither a scope nor an
        // activity per request, whose traceparent would be sent on to the API.
        logging.SetMinimumLevel(LogLevel.Trace);
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.Services.AddSingleton<ILoggerProvider>(
            new UnscopedLoggerProvider(new SerilogLoggerProvider(configuration.CreateLogger(), dispose: true)));
    }

    /// <summary>Takes over new levels; false when more changed, an override added for example, which needs a restart.</summary>
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
            : target.Console(new JsonFormatter(renderMessage: true));
}
