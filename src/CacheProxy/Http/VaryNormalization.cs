using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// One text for all values of a request header that mean the same (RFC 9111 §4.1), for comparing requests under Vary. Lines are
/// joined, white space around the commas of a list becomes one space after each, and case is folded where a field ignores it.
/// Order stays: for many origins the order of Accept-Language is the preference.
/// </summary>
internal static class VaryNormalization
{
    /// <summary>Fields that are not lists, or whose commas mean something else: compared as they came.</summary>
    private static readonly FrozenSet<string> NotLists = FrozenSet.ToFrozenSet(
        [
            "Authorization", "Content-Type", "Cookie", "Date", "From", "Host", "If-Modified-Since", "If-Range",
            "If-Unmodified-Since", "Origin", "Proxy-Authorization", "Referer", "User-Agent", "X-Api-Key",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>RFC 9110 §12.5.2 to §12.5.4: charsets, codings and language ranges are case-insensitive.</summary>
    private static readonly FrozenSet<string> CaseInsensitive = FrozenSet.ToFrozenSet(
        ["Accept-Charset", "Accept-Encoding", "Accept-Language"], StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<char> UpperCase = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>The same string when it is already normal. An absent header gives ""; its count tells it from an empty one.</summary>
    public static string Normalize(string name, StringValues values)
    {
        if (values.Count == 0)
        {
            return "";
        }

        if (NotLists.Contains(name))
        {
            // No header value holds a line feed, so that several lines never look like one.
            return values.Count == 1 ? values[0] ?? "" : string.Join('\n', values.ToArray());
        }

        var joined = values.Count == 1 ? values[0] ?? "" : string.Join(", ", values.ToArray());
        var spaced = HasNormalSpaces(joined) ? joined : NormalizeSpaces(joined);
        return CaseInsensitive.Contains(name) && spaced.AsSpan().ContainsAny(UpperCase) ? spaced.ToLowerInvariant() : spaced;
    }

    /// <summary>The same, written into <paramref name="room"/> where it fits: most clients leave out the space after a comma.</summary>
    public static ReadOnlySpan<char> Normalize(string name, StringValues values, Span<char> room)
    {
        // A comma becomes a comma and a space, so that twice the length is always enough.
        if (values.Count != 1 || values[0] is not { } text || text.Length > room.Length / 2
            || text.Contains('"') || !Ascii.IsValid(text) || NotLists.Contains(name))
        {
            return Normalize(name, values);
        }

        var length = 0;
        foreach (var range in text.AsSpan().Split(','))
        {
            if (range.Start.Value > 0)
            {
                ", ".CopyTo(room[length..]);
                length += 2;
            }

            var member = text.AsSpan(range).Trim(" \t");
            member.CopyTo(room[length..]);
            length += member.Length;
        }

        var normal = room[..length];
        if (CaseInsensitive.Contains(name))
        {
            Ascii.ToLowerInPlace(normal, out _);
        }

        return normal;
    }

    /// <summary>
    /// Whether a request without the header means the same (RFC 9110 §12.5.1 and §12.5.4). Most clients that do not care send nothing, the
    /// others send this.
    /// </summary>
    /// <param name="name">The header's name in lower case.</param>
    /// <param name="value">Its values, normalised.</param>
    public static bool MeansAnything(string name, ReadOnlySpan<char> value) => name switch
    {
        "accept" => value is "*/*",
        "accept-language" => value is "*",
        _ => false,
    };

    private static bool HasNormalSpaces(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return true;
        }

        if (IsSpace(text[0]) || IsSpace(text[^1]) || text.Contains('"'))
        {
            return false;
        }

        for (var comma = text.IndexOf(','); comma >= 0;)
        {
            var after = text[(comma + 1)..];
            if ((comma > 0 && IsSpace(text[comma - 1])) || after.IsEmpty || after[0] != ' ')
            {
                return false;
            }

            if (after.Length == 1 || IsSpace(after[1]))
            {
                return false;
            }

            text = after[1..];
            comma = text.IndexOf(',');
        }

        return true;
    }

    private static string NormalizeSpaces(ReadOnlySpan<char> text)
    {
        var result = new StringBuilder(text.Length + 8);
        var start = 0;
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (isQuoted && text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (text[i] == ',' && !isQuoted)
            {
                result.Append(text[start..i].Trim(" \t")).Append(", ");
                start = i + 1;
            }
        }

        return result.Append(text[start..].Trim(" \t")).ToString();
    }

    private static bool IsSpace(char c) => c is ' ' or '\t';
}
