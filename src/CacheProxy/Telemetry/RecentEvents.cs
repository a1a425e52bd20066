using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace CacheProxy.Telemetry;

/// <summary>
/// The last events that the program itself logged from Information on: reloads, Redis lost and found, evictions that wait. No key, body or
/// credential is in them, as in the log; and none names the token of who changed something, for whoever may read these need not have one.
/// </summary>
internal sealed class RecentEvents : ILogEventSink
{
    /// <summary>Older ones are forgotten.</summary>
    public const int Capacity = 50;

    private const string Own = "CacheProxy.";
    private const string Token = "Token";

    // Texts without quotes around them.
    private static MessageTemplateTextFormatter Message => field ??= new("{Message:lj}", CultureInfo.InvariantCulture);

    private readonly Lock _lock = new();
    private readonly LinkedList<(LogEvent Logged, int Id, int Times)> _events = new();

    /// <summary>Newest first. Texts are made when somebody asks.</summary>
    public RecentEvent[] All
    {
        get
        {
            lock (_lock)
            {
                return [.. _events.Select(static kept => new RecentEvent(kept.Logged.Timestamp, kept.Logged.Level, kept.Id, TextOf(kept.Logged), kept.Times))];
            }
        }
    }

    public void Emit(LogEvent logEvent)
    {
        if (!logEvent.Properties.TryGetValue("SourceContext", out var category)
            || category is not ScalarValue { Value: string name }
            || !name.StartsWith(Own, StringComparison.Ordinal)
            || logEvent.Properties.ContainsKey(Token)
            || IdOf(logEvent) is not { } id)
        {
            return;
        }

        lock (_lock)
        {
            // One that comes again and again takes one place.
            var times = 1;
            if (_events.First is { } newest && newest.Value.Id == id && TextOf(newest.Value.Logged) == TextOf(logEvent))
            {
                times += newest.Value.Times;
                _events.RemoveFirst();
            }

            _events.AddFirst((logEvent, id, times));
            if (_events.Count > Capacity)
            {
                _events.RemoveLast();
            }
        }
    }

    private static string TextOf(LogEvent logged)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Message.Format(logged, text);
        return text.ToString();
    }

    private static int? IdOf(LogEvent logged)
    {
        if (logged.Properties.TryGetValue("EventId", out var value) && value is StructureValue structure)
        {
            foreach (var property in structure.Properties)
            {
                if (property is { Name: "Id", Value: ScalarValue { Value: int id } })
                {
                    return id;
                }
            }
        }

        return null;
    }
}

/// <summary>One event, or the same one several times in a row.</summary>
/// <param name="At">When it happened last.</param>
/// <param name="Level">Information, Warning or Error.</param>
/// <param name="Id">The one of docs/operations.md.</param>
/// <param name="Text">As logged.</param>
/// <param name="Times">In a row.</param>
internal readonly record struct RecentEvent(DateTimeOffset At, LogEventLevel Level, int Id, string Text, int Times);
