using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>What a stored response can be validated with (RFC 9110 §8.8), and its Date. A field that came twice does not count.</summary>
internal readonly record struct Validators(string? ETag, string? LastModified, string? Date)
{
    public bool Exist => ETag is not null || LastModified is not null;

    public static Validators Of(ResponseHeaders headers) =>
        new(Single(headers, "ETag"), Single(headers, "Last-Modified"), Single(headers, "Date"));

    private static string? Single(ResponseHeaders headers, string name)
    {
        var lines = headers[name];
        return lines.Count == 1 && !string.IsNullOrWhiteSpace(lines[0]) ? lines[0] : null;
    }
}

/// <summary>
/// Comparisons of entity tags (RFC 9110 §8.8.3.2) without allocating. Not <c>EntityTagHeaderValue</c>: its list parser makes an
/// object per tag and fails for a tag without quotes, which some origins send and clients then send back.
/// </summary>
internal static class EntityTag
{
    public static bool IsWeak(ReadOnlySpan<char> tag) => tag.StartsWith("W/");

    /// <summary>Weak comparison with any member of the list; "*" matches whatever exists.</summary>
    public static bool IsInList(StringValues list, string? tag)
    {
        for (var i = 0; i < list.Count; i++)
        {
            for (ReadOnlySpan<char> rest = list[i]; TryTake(ref rest, out var member);)
            {
                if (member is "*")
                {
                    return true;
                }

                if (tag is not null && Opaque(member).SequenceEqual(Opaque(tag.AsSpan().Trim(" \t"))))
                {
                    return true;
                }
            }
        }
        return false;
    }

    /// <summary>Strong comparison: neither may be weak.</summary>
    public static bool IsSame(ReadOnlySpan<char> left, ReadOnlySpan<char> right) =>
        !IsWeak(left) && !IsWeak(right) && left.SequenceEqual(right);

    public static bool IsSameWeakly(ReadOnlySpan<char> left, ReadOnlySpan<char> right) => Opaque(left).SequenceEqual(Opaque(right));

    private static ReadOnlySpan<char> Opaque(ReadOnlySpan<char> tag) => IsWeak(tag) ? tag[2..] : tag;

    /// <summary>A tag may hold commas between its quotes (§8.8.3).</summary>
    private static bool TryTake(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> member)
    {
        rest = rest.TrimStart(" \t,");
        member = default;
        if (rest.IsEmpty)
        {
            return false;
        }

        var end = rest.IndexOf(',');
        var open = rest.IndexOf('"');
        if (open >= 0 && (end < 0 || open < end) && rest[(open + 1)..].IndexOf('"') is >= 0 and var length)
        {
            var afterQuote = open + length + 2;
            var comma = rest[afterQuote..].IndexOf(',');
            end = comma < 0 ? -1 : afterQuote + comma;
        }
        member = (end < 0 ? rest : rest[..end]).TrimEnd(" \t");
        rest = end < 0 ? default : rest[end..];
        return true;
    }
}
