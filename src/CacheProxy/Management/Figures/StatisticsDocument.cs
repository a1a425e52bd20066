using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Telemetry;

namespace CacheProxy.Management.Figures;

/// <summary>Statistics as JSON: what <c>GET /statistics</c> answers, and what the status page is told.</summary>
internal sealed class StatisticsDocument(
    Statistics statistics, ConfigurationReloader configuration, RecentEvents events, string version, TimeProvider time)
{
    private const int MostReasons = 10;
    private const int MostTenants = 20;
    private const double Milliseconds = 1000;

    /// <summary>What there is to write; nothing else waits.</summary>
    public async Task<Action<Utf8JsonWriter>> AskAsync()
    {
        var now = await statistics.AskAsync();
        return json => Write(json, now);
    }

    private void Write(Utf8JsonWriter json, StatisticsNow now)
    {
        json.WriteStartObject();
        json.WriteString("at", time.GetUtcNow());
        json.WriteString("version", version);
        json.WriteString("started", statistics.Started);
        WriteState(json, now.Reading);
        json.WriteStartArray("policies");
        foreach (var policy in configuration.Current.Options.Policies)
        {
            json.WriteStartObject();
            json.WriteString("name", policy.Name);
            json.WriteString("mode", policy.Mode.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteSpan(json, "sinceStart", now.SinceStart);
        WriteSpan(json, "recent", now.Recent);
        WriteCourse(json, now.Course);
        WriteEvents(json);
        json.WriteEndObject();
    }

    private void WriteState(Utf8JsonWriter json, MetricsReading reading)
    {
        var state = new StateFigures(reading);
        json.WriteStartObject("store");
        json.WriteString("kind", configuration.Current.Options.Redis.ConnectionString.Length > 0 ? "redis" : "memory");
        json.WriteBoolean("available", state.StoreAvailable);
        json.WriteString("breaker", state.StoreAvailable ? "closed" : "open");
        json.WriteEndObject();
        json.WriteNumber("evictionsPending", state.EvictionsPending);
        json.WriteStartObject("waiting");
        json.WriteNumber("forAnotherFill", state.Followers);
        json.WriteNumber("forAPlaceAtTheApi", state.Queued);
        json.WriteEndObject();
        json.WriteStartObject("memory");
        json.WriteNumber("residentBytes", Environment.WorkingSet);
        json.WriteNumber("managedBytes", GC.GetTotalMemory(forceFullCollection: false));
        json.WriteNumber("heldBytes", state.HeldBytes);
        json.WriteNumber("copyBytes", state.CopyBytes);
        json.WriteEndObject();
        json.WriteNumber("copiesHeld", state.Copies);
        json.WriteBoolean("channelClosed", state.ChannelClosed);
    }

    private static void WriteSpan(Utf8JsonWriter json, string name, SpanFigures span)
    {
        json.WriteStartObject(name);
        json.WriteNumber("seconds", Math.Round(span.Seconds, 1));
        json.WriteStartObject("total");
        WriteTraffic(json, span.Total);
        json.WriteEndObject();
        json.WriteStartObject("policies");
        foreach (var (policy, figures) in span.Policies)
        {
            json.WriteStartObject(policy);
            WriteTraffic(json, figures);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("store");
        WriteLatency(json, "all", span.Store);
        json.WriteNumber("failed", span.StoreFailures);
        json.WriteStartObject("steps");
        foreach (var (step, latency) in span.StoreSteps)
        {
            WriteLatency(json, step, latency);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        WriteTally(json, "upstreamFailures", span.UpstreamFailures.MostFrequent);
        WriteCopies(json, span.Copies);
        if (span.Tenants.Count > 0)
        {
            WriteTenants(json, span);
        }

        json.WriteEndObject();
    }

    private static void WriteCopies(Utf8JsonWriter json, CopyFigures figures)
    {
        json.WriteStartObject("copies");
        WriteTally(json, "holds", figures.Holds.All);
        WriteTally(json, "releases", figures.Releases.All);
        WriteTally(json, "waits", figures.Waits.All);
        WriteLatency(json, "wait", figures.Wait);
        json.WriteEndObject();
    }

    private static void WriteTenants(Utf8JsonWriter json, SpanFigures span)
    {
        json.WriteStartObject("tenants");
        foreach (var (tenant, outcomes) in span.Tenants.OrderByDescending(static pair => pair.Value.Sum).Take(MostTenants))
        {
            json.WriteStartObject(tenant);
            json.WriteNumber("requests", outcomes.Sum);
            WriteTally(json, "outcomes", outcomes.All);
            WriteRatio(json, "hitRatio", TrafficFigures.HitRatioOf(outcomes));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTraffic(Utf8JsonWriter json, TrafficFigures figures)
    {
        json.WriteNumber("requests", figures.Requests);
        WriteTally(json, "outcomes", figures.Outcomes.All);
        WriteRatio(json, "hitRatio", figures.HitRatio);
        json.WriteNumber("apiRequestsSaved", figures.Saved);
        json.WriteNumber("refreshes", figures.Refreshes);
        json.WriteNumber("fromCopies", figures.FromCopies);
        var stored = figures.Fills["stored"];
        json.WriteStartObject("fills");
        json.WriteNumber("stored", stored);
        json.WriteNumber("notStored", figures.Fills.Sum - stored);
        WriteTally(json, "reasons", figures.Fills.MostFrequent.Where(static pair => pair.Key != "stored").Take(MostReasons));
        json.WriteEndObject();
        WriteTally(json, "forwards", figures.Forwards.MostFrequent.Take(MostReasons));
        WriteTally(json, "writes", figures.Writes.All);
        json.WriteNumber("evictions", figures.Evictions);
        WriteTally(json, "shadowHits", figures.ShadowHits.All);
        json.WriteStartObject("latency");
        foreach (var (outcome, latency) in figures.Latencies)
        {
            WriteLatency(json, outcome, latency);
        }

        json.WriteEndObject();
    }

    private static void WriteCourse(Utf8JsonWriter json, IReadOnlyList<CoursePiece> course)
    {
        json.WriteStartArray("course");
        foreach (var piece in course)
        {
            json.WriteStartObject();
            json.WriteNumber("seconds", Math.Round(piece.Seconds, 1));
            WriteTally(json, "outcomes", piece.Outcomes.All);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteEvents(Utf8JsonWriter json)
    {
        json.WriteStartArray("events");
        foreach (var logged in events.All)
        {
            json.WriteStartObject();
            json.WriteString("at", logged.At.ToUniversalTime());
            json.WriteString("level", logged.Level.ToString());
            json.WriteNumber("id", logged.Id);
            json.WriteString("text", logged.Text);
            json.WriteNumber("times", logged.Times);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, Latency latency)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        WriteRatio(json, "p50Ms", latency.Quantile(0.5) * Milliseconds);
        WriteRatio(json, "p99Ms", latency.Quantile(0.99) * Milliseconds);
        json.WriteEndObject();
    }

    private static void WriteRatio(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, Math.Round(known, 4));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteTally(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, double>> counts)
    {
        json.WriteStartObject(name);
        foreach (var (word, count) in counts)
        {
            json.WriteNumber(word, count);
        }

        json.WriteEndObject();
    }
}
