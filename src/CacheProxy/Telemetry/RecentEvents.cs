using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace CacheProxy.Telemetry;

/// <summary>
/// The last events that the program itself logged from Information on: reloads, Redis lost and found, evictions that wait, changes that an
/// operator made. The log says no more than these: no key, body or credential is in them.
/// </summary>
internal sealed class RecentEvents : ILogEventSink
{
    /// <summary>Older ones are forgotten.</summary>
    public const int Capacity = 50;

    private const string Own = "\"CacheProxy.";

    // Texts without quotes around them.
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}", CultureInfo.InvariantCulture);

    private readonly Lock _lock = new();
    private readonly LinkedList<RecentEvent> _events = new();

    /// <summary>Newest first.</summary>
    public RecentEvent[] All
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public void Emit(LogEvent logEvent)
    {
        if (!logEvent.Properties.TryGetValue("SourceContext", out var category)
            || !category.ToString().StartsWith(Own, StringComparison.Ordinal)
            || IdOf(logEvent) is not { } id)
        {
            return;
        }

        using var written = new StringWriter(CultureInfo.InvariantCulture);
        Message.Format(logEvent, written);
        var text = written.ToString();
        lock (_lock)
        {
            // One that comes again and again takes one place.
            var times = 1;
            if (_events.First is { } newest && newest.Value.Id == id && newest.Value.Text == text)
            {
                times += newest.Value.Times;
                _events.RemoveFirst();
            }

            _events.AddFirst(new RecentEvent(logEvent.Timestamp, logEvent.Level, id, text, times));
            if (_events.Count > Capacity)
            {
                _events.RemoveLast();
            }
        }
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
