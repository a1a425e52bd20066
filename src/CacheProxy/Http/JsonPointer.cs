using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace CacheProxy.Http;

/// <summary>
/// A JSON Pointer (RFC 6901) in which the token <c>*</c> stands for every element of an array and for every member of an object:
/// <c>/pets/*/id</c>. A member whose name is an asterisk can therefore not be named.
/// </summary>
internal sealed class JsonPointer
{
    /// <summary>What a configuration error says of the form.</summary>
    public const string Form = "a JSON pointer such as /status or /pets/*/id: at most 256 characters and 16 parts, '~' only as ~0 and ~1";

    private const int LongestText = 256;
    private const int MostTokens = 16;
    private const string Each = "*";

    private readonly string[] _tokens;

    private JsonPointer(string text, string[] tokens)
    {
        Text = text;
        _tokens = tokens;
    }

    /// <summary>Points at the document.</summary>
    public static JsonPointer Whole { get; } = new("", []);

    /// <summary>As it is configured.</summary>
    public string Text { get; }

    /// <summary>How many parts it has.</summary>
    public int Depth => _tokens.Length;

    /// <summary>Whether its part at this depth, if it has one, names a member or, by its index, an element.</summary>
    public bool Names(int depth, string part) => depth < _tokens.Length && (_tokens[depth] == Each || _tokens[depth] == part);

    /// <param name="text">The pointer; empty for the whole document.</param>
    /// <param name="pointer">What it says; <c>null</c> for what is no pointer.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? pointer)
    {
        pointer = null;
        if (text.Length > LongestText || (text.Length > 0 && text[0] != '/') || !IsEscaped(text))
        {
            return false;
        }

        string[] tokens = text.Length == 0 ? [] : text[1..].Split('/');
        if (tokens.Length > MostTokens)
        {
            return false;
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            // In this order (RFC 6901 §4), or ~01 would become a slash.
            tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }

        pointer = new JsonPointer(text, tokens);
        return true;
    }

    /// <summary>Adds the values that the pointer names, in the document's order. A part that is not there names nothing.</summary>
    /// <param name="root">The document.</param>
    /// <param name="limit">The most values that <paramref name="found"/> may hold in the end.</param>
    /// <param name="found">The values.</param>
    /// <returns>Whether these are all.</returns>
    public bool TryFind(JsonElement root, int limit, List<JsonElement> found) => TryFind(root, 0, limit, found);

    /// <summary>The text of a scalar: a string's characters, a number as it is written, <c>true</c> or <c>false</c>.</summary>
    public static bool TryText(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: it is no text.
            text = null;
        }

        return text is not null;
    }

    private bool TryFind(JsonElement value, int depth, int limit, List<JsonElement> found)
    {
        if (depth == _tokens.Length)
        {
            if (found.Count == limit)
            {
                return false;
            }

            found.Add(value);
            return true;
        }

        var token = _tokens[depth];
        return value.ValueKind switch
        {
            JsonValueKind.Object when token == Each => TryFindInMembers(value, depth + 1, limit, found),
            JsonValueKind.Object => !value.TryGetProperty(token, out var member) || TryFind(member, depth + 1, limit, found),
            JsonValueKind.Array when token == Each => TryFindInElements(value, depth + 1, limit, found),
            JsonValueKind.Array => !IsIndex(token, value.GetArrayLength(), out var index) || TryFind(value[index], depth + 1, limit, found),
            _ => true,
        };
    }

    private bool TryFindInMembers(JsonElement value, int depth, int limit, List<JsonElement> found)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (!TryFind(member.Value, depth, limit, found))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryFindInElements(JsonElement value, int depth, int limit, List<JsonElement> found)
    {
        foreach (var element in value.EnumerateArray())
        {
            if (!TryFind(element, depth, limit, found))
            {
                return false;
            }
        }

        return true;
    }

    // RFC 6901 §4: decimal, without leading zeros.
    private static bool IsIndex(string token, int length, out int index)
    {
        index = 0;
        if (token.Length is 0 or > 9 || (token.Length > 1 && token[0] == '0'))
        {
            return false;
        }

        foreach (var c in token)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            index = (index * 10) + (c - '0');
        }

        return index < length;
    }

    private static bool IsEscaped(string text)
    {
        for (var i = text.IndexOf('~'); i >= 0; i = text.IndexOf('~', i + 1))
        {
            if (i + 1 == text.Length || text[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        return true;
    }
}
