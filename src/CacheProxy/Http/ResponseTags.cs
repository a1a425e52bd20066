using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>The headers in which an API says which tags its response belongs to, and which it evicts.</summary>
internal static class ResponseTags
{
    /// <summary>In a policy's list of headers: none.</summary>
    public const string NoHeader = "None";

    /// <summary>RFC 9875 §3: the groups that an answer to an unsafe request evicts.</summary>
    public const string GroupInvalidation = "Cache-Group-Invalidation";

    private const string CacheGroups = "Cache-Groups";
    private const string CacheTag = "Cache-Tag";
    private const string SurrogateKey = "Surrogate-Key";

    /// <summary>
    /// RFC 9875 §2, a list of strings; and what content delivery networks read: words with commas (<c>Cache-Tag</c>) or with blanks
    /// (<c>Surrogate-Key</c>).
    /// </summary>
    public static readonly ImmutableArray<string> Names = [CacheGroups, CacheTag, SurrogateKey];

    /// <summary>The name as it is written here; <c>null</c> for any other.</summary>
    public static string? Known(string name) =>
        Names.Append(NoHeader).FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Adds the tags that the lines of a header name; false when nobody can tell which they are.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="tags">The tags.</param>
    public static bool TryAdd(string name, StringValues lines, ICollection<string> tags)
    {
        if (name == CacheGroups)
        {
            return TryAddStrings(lines, tags);
        }

        foreach (var line in lines)
        {
            char[] separators = name == SurrogateKey ? [' ', '\t'] : [','];
            foreach (var tag in (line ?? "").Split(separators, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                tags.Add(tag);
            }
        }

        return true;
    }

    /// <summary>Adds the strings of a list of structured fields (RFC 9651 §3.1); false for anything else.</summary>
    public static bool TryAddStrings(StringValues lines, ICollection<string> strings)
    {
        // RFC 9651 §4.2: several lines are one list.
        var items = new StructuredItemReader(string.Join(',', lines.ToArray()).AsSpan().Trim(' '));
        while (!items.AtEnd)
        {
            if (!items.TryReadItemOrInnerList(out var item) || item.Kind != StructuredItemKind.String || !items.TrySkipParameters())
            {
                return false;
            }

            strings.Add(item.Raw[1..^1].ToString().Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal));
            items.SkipOptionalWhiteSpace();
            if (items.AtEnd)
            {
                return true;
            }

            if (!items.TryTake(','))
            {
                return false;
            }

            items.SkipOptionalWhiteSpace();
            if (items.AtEnd)
            {
                // A comma with nothing behind it.
                return false;
            }
        }

        return true;
    }
}
