using System.Text;
using System.Text.Json;

namespace CacheProxy.Management.Explaining;

/// <summary>A JSON document for a person to read: a line for each value, what belongs together below its name.</summary>
internal static class ReadableText
{
    private const int Indent = 2;

    /// <param name="document">An object; its property <c>summary</c> becomes the first line.</param>
    public static string Of(ReadOnlySpan<byte> document)
    {
        var reader = new Utf8JsonReader(document);
        using var json = JsonDocument.ParseValue(ref reader);
        var text = new StringBuilder();
        if (json.RootElement.TryGetProperty("summary", out var summary))
        {
            text.Append(summary.GetString()).Append("\n\n");
        }

        WriteMembers(text, json.RootElement, 0);
        return text.ToString();
    }

    private static void WriteMembers(StringBuilder text, JsonElement element, int depth)
    {
        var width = 0;
        foreach (var member in element.EnumerateObject())
        {
            width = IsPlain(member.Value) ? Math.Max(width, Label(member.Name).Length) : width;
        }

        foreach (var member in element.EnumerateObject())
        {
            if (depth == 0 && member.NameEquals("summary"))
            {
                continue;
            }

            WriteMember(text, Label(member.Name), member.Value, width, depth);
        }
    }

    private static void WriteMember(StringBuilder text, string label, JsonElement value, int width, int depth)
    {
        text.Append(' ', depth * Indent);
        if (IsPlain(value))
        {
            text.Append(label.PadRight(width + Indent)).Append(Plain(value)).Append('\n');
            return;
        }

        text.Append(label).Append('\n');
        if (value.ValueKind == JsonValueKind.Object)
        {
            WriteMembers(text, value, depth + 1);
            return;
        }

        foreach (var item in value.EnumerateArray())
        {
            WriteItem(text, item, depth + 1);
        }
    }

    private static void WriteItem(StringBuilder text, JsonElement item, int depth)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            text.Append(' ', depth * Indent).Append("- ").Append(Plain(item)).Append('\n');
            return;
        }

        var start = text.Length;
        WriteMembers(text, item, depth + 1);
        if (text.Length > start)
        {
            // In place of the blanks before its first line.
            text[start + (depth * Indent)] = '-';
        }
    }

    private static bool IsPlain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => false,
        JsonValueKind.Array => value.GetArrayLength() == 0 || AreTexts(value),
        _ => true,
    };

    private static bool AreTexts(JsonElement array)
    {
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                return false;
            }
        }

        return true;
    }

    private static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Null => "-",
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "none" : string.Join(", ", value.EnumerateArray().Select(Plain)),
        JsonValueKind.String => OneLine(value.GetString()!),
        _ => value.GetRawText(),
    };

    // What a caller may have named must not look like a line of ours.
    private static string OneLine(string text) => text.Length == 0 ? "-"
        : text.AsSpan().ContainsAnyInRange('\0', '\x1f') ? string.Concat(text.Select(static c => c < ' ' ? ' ' : c))
        : text;

    /// <summary>ageSeconds → age seconds.</summary>
    private static string Label(string name)
    {
        var label = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c))
            {
                label.Append(' ').Append(char.ToLowerInvariant(c));
            }
            else
            {
                label.Append(c);
            }
        }

        return label.ToString();
    }
}
