using System.Globalization;
using System.Text;
using System.Text.Json;
using CacheProxy.Reading.Comparing;

namespace CacheProxy.Management;

/// <summary>A report as JSON, where the request asks for that, and otherwise as text for people.</summary>
internal static class ReportAnswer
{
    public static Task WriteAsync<T>(HttpContext context, T report, Action<Utf8JsonWriter, T> asJson, Action<StringBuilder, T> asText)
    {
        if (WantsJson(context.Request))
        {
            return JsonContent.WriteAsync(context, StatusCodes.Status200OK, json => asJson(json, report));
        }

        var text = new StringBuilder();
        asText(text, report);
        return ManagementListener.WriteAsync(context, StatusCodes.Status200OK, text.ToString());
    }

    /// <summary>How a report answers that has this as JSON.</summary>
    public static Answer[] Answers(params (string, Shape)[] members) =>
        [Answer.Json(StatusCodes.Status200OK, "JSON where Accept names it, otherwise the same as text.", Shape.Of("", members))];

    /// <summary>What <see cref="WriteDifferences"/> writes.</summary>
    public static (string, Shape)[] DifferencesShape =>
    [
        ("firstDifferences", Shape.List(
            "Where answers first differ; most frequent first.",
            Shape.Of("", ("at", Shape.Text("A JSON pointer, status or body.")), ("count", Shape.Whole("How many."))))),
        ("otherDifferences", Shape.Whole("How many differ at places beyond the 32 that are told apart.")),
        ("afterWrites", Shape.List(
            "The kinds of writes that came between the storing of an entry and its being wrong.",
            Shape.Of(
                "",
                ("route", Shape.Text("The YARP route.")),
                ("method", Shape.Word("The method.", "PUT", "PATCH", "DELETE", "POST", "other")),
                ("namesId", Shape.Switch("Whether its path named the resource's id.")),
                ("count", Shape.Whole("How many wrong ones came after one."))))),
    ];

    /// <summary>Where answers first differ, and the kinds of writes that may be to blame.</summary>
    public static void WriteDifferences(
        Utf8JsonWriter json, IEnumerable<Counted<string>> places, long others, IEnumerable<Counted<SeenWrite>> writes)
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

    /// <summary>The same for people.</summary>
    public static void AppendDifferences(
        StringBuilder text, IReadOnlyCollection<Counted<string>> places, long others, IEnumerable<Counted<SeenWrite>> writes)
    {
        foreach (var place in places)
        {
            text.Append(CultureInfo.InvariantCulture, $"  differs first at {place.Thing}: {place.Count}\n");
        }

        if (others > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  differs first elsewhere: {others}\n");
        }

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
