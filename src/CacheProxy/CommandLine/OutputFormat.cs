using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CacheProxy.CommandLine;

/// <summary>The option <c>-o</c>: text for people, or JSON for programs.</summary>
internal static class OutputFormat
{
    private const string Json = "json";

    public static Option<string> Create() => new Option<string>("--output", "-o")
    {
        Description = "text for people, json for programs.",
        HelpName = "text|json",
        DefaultValueFactory = static _ => "text",
    }.AcceptOnlyFromAmong("text", Json);

    public static bool IsJson(ParseResult parsed, Option<string> format) => parsed.GetValue(format) == Json;

    public static string Write(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        // A terminal is no page: quotes and letters beyond ASCII stay as they are.
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    public static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
