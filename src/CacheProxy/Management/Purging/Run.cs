using System.Globalization;
using System.Text.Json;

namespace CacheProxy.Management.Purging;

/// <summary>A purge or an erasure: what it is about, how far it is, and how it ended.</summary>
/// <param name="id">Names it.</param>
/// <param name="subject">What it is about.</param>
/// <param name="began">When it began.</param>
internal sealed class Run(string id, RunSubject subject, DateTimeOffset began) : IProgress<long>
{
    private readonly Lock _lock = new();
    private RunState _state = RunState.Running;
    private long _resources;
    private DateTimeOffset? _ended;

    public static Shape Shape { get; } = Management.Shape.Of(
        "A purge or an erasure.",
        ("id", Management.Shape.Text("Names it.")),
        ("kind", Management.Shape.Word("What is purged.", "resource", "tag", "policy", "tenant", "erasure")),
        ("mode", Management.Shape.Word("Soft keeps entries for validation.", "Hard", "Soft").Optional()),
        ("policy", Management.Shape.Text("Whose resources.").Optional()),
        ("tenant", Management.Shape.Text("Whose resources.").Optional()),
        ("target", Management.Shape.Text("The beginning of the SHA-256 of the key or tag.").Optional()),
        ("state", Management.Shape.Word("How far it is.", "running", "done", "incomplete", "cancelled")),
        ("resources", Management.Shape.Whole("How many have been purged so far.")),
        ("began", Management.Shape.Time("When it began.")),
        ("ended", Management.Shape.Time("When it ended.").Optional()));

    public string Id => id;

    public RunSubject Subject => subject;

    /// <summary>Ends with the run, whatever came of it.</summary>
    public Task Ended { get; set; } = Task.CompletedTask;

    public RunState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    public long Resources => Volatile.Read(ref _resources);

    public void Report(long value) => Volatile.Write(ref _resources, value);

    public void End(RunState state, DateTimeOffset now)
    {
        lock (_lock)
        {
            (_state, _ended) = (state, now);
        }
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("kind", subject.Kind);
        Write(json, "mode", subject.Mode);
        Write(json, "policy", subject.Policy);
        Write(json, "tenant", subject.Tenant);
        Write(json, "target", subject.Target);
        lock (_lock)
        {
            json.WriteString("state", Word(_state));
            json.WriteNumber("resources", Resources);
            json.WriteString("began", Text(began));
            Write(json, "ended", _ended is { } ended ? Text(ended) : null);
        }

        json.WriteEndObject();
    }

    public static string Word(RunState state) => state switch
    {
        RunState.Running => "running",
        RunState.Done => "done",
        RunState.Incomplete => "incomplete",
        RunState.Cancelled => "cancelled",
    };

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}

/// <summary>What a run is about. It names no resource, and no tag: their names may say who is a customer.</summary>
internal sealed record RunSubject(string Kind, string? Mode, string? Policy, string? Tenant, string? Target)
{
    public const string Erasure = "erasure";

    /// <summary>For the audit.</summary>
    public override string ToString() => string.Join(' ', new[]
    {
        Mode?.ToLowerInvariant(),
        Kind == Erasure ? Kind : $"purge by {Kind}",
        Policy is null ? null : $"policy {Policy}",
        Tenant is null ? null : $"tenant {Tenant}",
        Target is null ? null : $"target {Target}",
    }.OfType<string>());
}

internal enum RunState
{
    Running,

    /// <summary>All of it is purged.</summary>
    Done,

    /// <summary>The store did not take all of it, or did not tell of all.</summary>
    Incomplete,

    /// <summary>The program stopped first.</summary>
    Cancelled,
}
