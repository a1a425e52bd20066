using System.Buffers;
using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// The request headers that a response varies on (RFC 9110 §12.5.5), as one canonical text: lower case, sorted, each name
/// once, separated by commas; empty for none. The field <c>vary</c> of a resource holds this text.
/// </summary>
internal static class VaryNames
{
    private const string LowerCaseToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> LowerCaseTokenCharacters = SearchValues.Create(LowerCaseToken);
    private static readonly SearchValues<char> ListCharacters = SearchValues.Create(LowerCaseToken + ",");
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(LowerCaseToken + "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>Names that need no new string when a canonical text is walked.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Common = FrozenSet.ToFrozenSet(
        [
            "accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cookie", "host", "origin",
            "prefer", "range", "referer", "user-agent", "x-api-key", "x-forwarded-host", "x-forwarded-proto",
            "x-requested-with", "x-tenant-subdomain",
        ],
        StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly string?[] RecentNames = new string?[256];

    /// <summary>False when no two requests can be known to match: "*", or something that is not a field name.</summary>
    public static bool TryParse(StringValues vary, out string names)
    {
        names = "";
        if (vary.Count == 0)
        {
            return true;
        }

        if (vary.Count == 1 && IsCanonicalName(vary[0]))
        {
            names = vary[0]!;
            return true;
        }

        var sorted = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < vary.Count; i++)
        {
            for (var members = new FieldNameList(vary[i]); members.MoveNext();)
            {
                if (members.Current is "*" || members.Current.ContainsAnyExcept(TokenCharacters))
                {
                    return false;
                }

                sorted.Add(members.Current.ToString().ToLowerInvariant());
            }
        }

        names = string.Join(',', sorted);
        return true;
    }

    /// <summary>Whether a text that anybody may have written is a list of lower-case names.</summary>
    public static bool AreReadable(string names) => !names.AsSpan().ContainsAnyExcept(ListCharacters);

    /// <summary>Of two canonical texts; the first itself when it already has all names.</summary>
    public static string Union(string left, string right)
    {
        if (right.Length == 0 || left == right)
        {
            return left;
        }

        if (left.Length == 0)
        {
            return right;
        }

        var sorted = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var name in Enumerate(left))
        {
            sorted.Add(name);
        }

        var leftCount = sorted.Count;
        foreach (var name in Enumerate(right))
        {
            sorted.Add(name);
        }

        return sorted.Count == leftCount ? left : string.Join(',', sorted);
    }

    /// <summary>Walks a canonical text.</summary>
    public static VaryNamesEnumerator Enumerate(string names) => new(names);

    internal static string ToName(ReadOnlySpan<char> name) => Common.TryGetValue(name, out var known) ? known : Recent(name);

    // An API varies on the same few names all day. Two names in one place only take turns.
    private static string Recent(ReadOnlySpan<char> name)
    {
        ref var place = ref RecentNames[string.GetHashCode(name) & (RecentNames.Length - 1)];
        if (Volatile.Read(ref place) is { } recent && name.SequenceEqual(recent))
        {
            return recent;
        }

        var made = name.ToString();
        Volatile.Write(ref place, made);
        return made;
    }

    private static bool IsCanonicalName(string? name) =>
        !string.IsNullOrEmpty(name) && name != "*" && !name.AsSpan().ContainsAnyExcept(LowerCaseTokenCharacters);
}

/// <summary>Walks a canonical list of <see cref="VaryNames"/>; names in common use come without a new string.</summary>
internal ref struct VaryNamesEnumerator(string names)
{
    private FieldNameList _list = new(names);

    public readonly string Current => VaryNames.ToName(_list.Current);

    public readonly VaryNamesEnumerator GetEnumerator() => this;

    public bool MoveNext() => _list.MoveNext();
}

/// <summary>Walks the members of a comma-separated list of field names without allocating; empty members are skipped (RFC 9110 §5.6.1.2).</summary>
internal ref struct FieldNameList(ReadOnlySpan<char> list)
{
    private ReadOnlySpan<char> _rest = list;

    public ReadOnlySpan<char> Current { get; private set; }

    public bool MoveNext()
    {
        _rest = _rest.TrimStart(" \t,");
        if (_rest.IsEmpty)
        {
            return false;
        }

        var comma = _rest.IndexOf(',');
        Current = (comma < 0 ? _rest : _rest[..comma]).TrimEnd(" \t");
        _rest = comma < 0 ? default : _rest[comma..];
        return true;
    }

    public static bool Contains(ReadOnlySpan<char> list, ReadOnlySpan<char> name)
    {
        for (var names = new FieldNameList(list); names.MoveNext();)
        {
            if (names.Current.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }
}
