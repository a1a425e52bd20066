using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// The headers of a request that an API may take for others. CGI and its successors (WSGI, Rack, PHP) make one name of <c>X-Api-Key</c>
/// and <c>X_Api_Key</c>, and some servers replace every mark. Nearly every request has none. The same walk over the names also sees which of
/// the <see cref="RareHeaders"/> are there: that of five usual headers takes the time of three look-ups, and spares eighteen.
/// </summary>
internal readonly struct FoldedHeaders
{
    // All of RFC 9110's token characters but letters, digits and the hyphen that they are folded into.
    private static readonly SearchValues<char> Marks = SearchValues.Create("!#$%&'*+.^_`|~");

    private readonly List<FoldedHeader>? _headers;

    // Of RareHeaders those that are not there; none in the default value, of which nothing is known.
    private readonly uint _absent;

    private FoldedHeaders(List<FoldedHeader>? headers, uint present)
    {
        _headers = headers;
        _absent = ~present;
    }

    public bool IsEmpty => _headers is null;

    /// <summary>The headers whose names have a mark.</summary>
    public IReadOnlyList<FoldedHeader> All => _headers ?? (IReadOnlyList<FoldedHeader>)[];

    public static FoldedHeaders Of(IHeaderDictionary headers)
    {
        List<FoldedHeader>? found = null;
        var present = 0u;
        foreach (var header in headers)
        {
            present |= RareHeaders.BitOf(header.Key);
            if (HasMark(header.Key))
            {
                (found ??= []).Add(new FoldedHeader(header.Key, Fold(header.Key), header.Value));
            }
        }

        return new FoldedHeaders(found, present);
    }

    /// <summary>Whether one of these <see cref="RareHeaders"/> may be there.</summary>
    public bool MayHave(uint rare) => (~_absent & rare) != 0;

    /// <summary>The values of the headers that an API may take for <paramref name="name"/>, besides those of that header itself.</summary>
    public StringValues ValuesFor(string name)
    {
        var values = StringValues.Empty;
        foreach (var header in All)
        {
            values = header.MayBeTakenFor(name) ? StringValues.Concat(in values, header.Values) : values;
        }

        return values;
    }

    public static bool HasMark(ReadOnlySpan<char> name) => name.ContainsAny(Marks);

    /// <summary>The name in lower case with a hyphen for each mark.</summary>
    public static string Fold(string name) => string.Create(name.Length, name, static (folded, original) =>
    {
        original.AsSpan().ToLowerInvariant(folded);
        folded.ReplaceAny(Marks, '-');
    });
}

/// <summary>A header whose name has a mark.</summary>
/// <param name="Name">The name as it was sent.</param>
/// <param name="Folded">The name that some APIs know it by.</param>
/// <param name="Values">Its values.</param>
internal readonly record struct FoldedHeader(string Name, string Folded, StringValues Values)
{
    public bool MayBeTakenFor(string name) =>
        !Name.Equals(name, StringComparison.OrdinalIgnoreCase) && FoldedHeaders.Fold(name) == Folded;
}

/// <summary>Headers that matter to every request and that few have, by a bit each.</summary>
internal static class RareHeaders
{
    /// <summary>Headers that name another method.</summary>
    public static readonly ImmutableArray<string> MethodNames = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];

    /// <summary>Headers that make some frameworks answer for another target.</summary>
    public static readonly ImmutableArray<string> TargetNames = ["X-Original-URL", "X-Rewrite-URL"];

    /// <summary>
    /// Headers that an API may build its links from without naming them in Vary. X-Forwarded-For is not among them: it differs for each
    /// client, and an API whose answer depends on it says so.
    /// </summary>
    public static readonly ImmutableArray<string> ForwardedNames =
    [
        "x-forwarded-host", "x-forwarded-path", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto", "x-forwarded-scheme",
        "x-forwarded-server", "x-forwarded-ssl", "x-forwarded-uri", "x-host", "x-http-host-override", "x-original-host", "forwarded",
    ];

    public const uint Method = 0x7;
    public const uint Target = 0x18;
    public const int FirstForwarded = 5;

    private static readonly FrozenDictionary<string, uint> Bits = MethodNames.Concat(TargetNames).Concat(ForwardedNames)
        .Select(static (name, index) => KeyValuePair.Create(name, 1u << index))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static uint BitOf(string name) => Bits.TryGetValue(name, out var bit) ? bit : 0;
}

/// <summary>
/// The request headers that decide which answer a request gets: whose it is, for which resource, by which method. A request with another
/// header that an API may take for one of them is in doubt.
/// </summary>
internal sealed class DecidingHeaders
{
    private const string Forwarded = "x-forwarded-";

    private readonly FrozenSet<string> _names;
    private readonly FrozenSet<string> _folded;

    // Of names that have a mark themselves: the usual spelling, which some APIs take for them.
    private readonly ImmutableArray<string> _usualSpellings;

    public DecidingHeaders(IEnumerable<string> names)
    {
        _names = names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _folded = _names.Select(FoldedHeaders.Fold).ToFrozenSet(StringComparer.Ordinal);
        _usualSpellings =
            [.. _names.Where(static name => FoldedHeaders.HasMark(name)).Select(FoldedHeaders.Fold).Where(name => !_names.Contains(name))];
    }

    /// <summary>Whether the API may take one of the request's headers for one that decides.</summary>
    public bool AreInDoubt(IHeaderDictionary headers, FoldedHeaders folded)
    {
        foreach (var name in _usualSpellings)
        {
            if (headers.ContainsKey(name))
            {
                return true;
            }
        }

        return !folded.IsEmpty && AreInDoubt(folded);
    }

    private bool AreInDoubt(FoldedHeaders folded)
    {
        foreach (var header in folded.All)
        {
            if (!_names.Contains(header.Name)
                && (_folded.Contains(header.Folded) || header.Folded.StartsWith(Forwarded, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }
}
