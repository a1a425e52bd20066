using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CacheProxy.Reading.Comparing;

namespace CacheProxy.Management;

/// <summary>A report as JSON, where the request asks for that, and otherwise as text for people.</summary>
internal static class ReportAnswer
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync<T>(HttpContext context, T report, Action<Utf8JsonWriter, T> asJson, Action<StringBuilder, T> asText)
    {
        if (!WantsJson(context.Request))
        {
            var text = new StringBuilder();
            asText(text, report);
            await ManagementListener.WriteAsync(context, StatusCodes.Status200OK, text.ToString());
            return;
        }

        var body = new ArrayBufferWriter<byte>();
        await using (var writer = new Utf8JsonWriter(body, Indented))
        {
            asJson(writer, report);
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
        }
    }

    /// <summary>Where answers first differ, and how often.</summary>
    public static void WritePlaces(Utf8JsonWriter json, IEnumerable<Counted<string>> places, long others)
    {
        json.WriteStartArray("firstDifferences");
        foreach (var place in places)
        {
            json.WriteStartObject();
            json.WriteString("at", place.Thing);
            json.WriteNumber("count", place.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("otherDifferences", others);
    }

    /// <summary>The kinds of writes that may be to blame, and how often.</summary>
    public static void WriteWrites(Utf8JsonWriter json, IEnumerable<Counted<SeenWrite>> writes)
    {
        json.WriteStartArray("afterWrites");
        foreach (var write in writes)
        {
            json.WriteStartObject();
            json.WriteString("route", write.Thing.Route);
            json.WriteString("method", write.Thing.Method);
            json.WriteBoolean("namesId", write.Thing.NamesId);
            json.WriteNumber("count", write.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void AppendPlaces(StringBuilder text, IReadOnlyCollection<Counted<string>> places, long others)
    {
        foreach (var place in places)
        {
            text.Append(CultureInfo.InvariantCulture, $"  differs first at {place.Thing}: {place.Count}\n");
        }

        if (others > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  differs first elsewhere: {others}\n");
        }
    }

    public static void AppendWrites(StringBuilder text, IEnumerable<Counted<SeenWrite>> writes)
    {
        foreach (var write in writes)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"  after {write.Thing.Method} on route {write.Thing.Route}{(write.Thing.NamesId ? ", which names the id" : "")}: {write.Count}\n");
        }
    }

    private static bool WantsJson(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("json", StringComparison.OrdinalIgnoreCase);
}
