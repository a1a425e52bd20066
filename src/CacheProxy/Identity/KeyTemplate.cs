using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace CacheProxy.Identity;

/// <summary>
/// A policy's key, parsed once: <c>{tenant}:customer:{id}</c>. A request whose key would be uncertain gets none.
/// </summary>
internal sealed partial class KeyTemplate
{
    /// <summary>Longest route value that is put into a key, in characters.</summary>
    private const int MaxValueLength = 128;

    /// <summary>Longest path or host that is put into a key, in characters.</summary>
    private const int MaxPathLength = 2048;

    /// <summary>Longest key that is kept for the next request, in characters.</summary>
    private const int LongestRecent = 128;

    // At most 1 MB. Two keys in one place only take turns.
    private static readonly string?[] RecentKeys = new string?[4096];

    private readonly ImmutableArray<KeyPart> _parts;
    private readonly string _prefix;

    private KeyTemplate(string text, ImmutableArray<KeyPart> parts, string prefix)
    {
        Text = text;
        _parts = parts;
        _prefix = prefix;
        RouteValueNames = [.. parts.Where(static part => part.Kind == KeyPartKind.RouteValue).Select(static part => part.Text)];
        NeedsTenant = parts.Any(static part => part.Kind == KeyPartKind.Tenant);
        NamesPath = parts.Any(static part => part.Kind == KeyPartKind.Path);
        NamesHost = parts.Any(static part => part.Kind == KeyPartKind.Host);
    }

    /// <summary>The template as it was written.</summary>
    public string Text { get; }

    public bool NeedsTenant { get; }

    public bool NamesPath { get; }

    public bool NamesHost { get; }

    /// <summary>
    /// Whether there is one key, for each tenant or host where it names them: the list of a tenant's services, or everything that is
    /// derived from its customers. Paths and queries are then variants, and one eviction removes them all.
    /// </summary>
    public bool NamesOneResource => !NamesPath && RouteValueNames.IsEmpty;

    public ImmutableArray<string> RouteValueNames { get; }

    /// <summary>Parses a template; <paramref name="problem"/> says what is allowed instead.</summary>
    public static bool TryParse(string text, out KeyTemplate? template, out string? problem)
    {
        var parts = KeyTemplateParser.Parse(text, out problem);
        template = problem is null ? new KeyTemplate(text, parts, "") : null;
        return problem is null;
    }

    /// <summary>The same template with <paramref name="prefix"/> before every key.</summary>
    public KeyTemplate WithPrefix(string prefix) => new(Text, _parts, prefix);

    /// <summary>
    /// What stands before the name of a tag in its key, for the entries that this template makes keys of: a tag belongs to the tenant, and to
    /// the host, that these keys name, and nobody else's is the same.
    /// </summary>
    public KeyTemplate ScopeOfTags()
    {
        var text = TagName.KeyStart + (NeedsTenant ? "{tenant}" : "") + (NamesHost ? "@{host}" : "") + TagName.ScopeEnd;
        return new KeyTemplate(text, KeyTemplateParser.Parse(text, out _), _prefix);
    }

    /// <summary>The key of a request; false when a value is absent or could be read in two ways.</summary>
    public bool TryFormat(in KeySource source, out ResourceKey key) => TryFormat(source, lenient: false, out key);

    /// <summary>
    /// The key of the resource that an API may see in a request whose route values can be read in two ways: from the safe prefix of each.
    /// For evictions only: evicting too much costs a miss, evicting too little causes a stale read.
    /// </summary>
    public bool TryFormatForEviction(in KeySource source, out ResourceKey key) => TryFormat(source, lenient: true, out key);

    /// <summary>Reads a key backwards: false when the template cannot have made it, or names no tenant.</summary>
    public bool TryReadTenant(ReadOnlySpan<char> key, out ReadOnlySpan<char> tenant)
    {
        tenant = default;
        if (!NeedsTenant || !key.StartsWith(_prefix))
        {
            return false;
        }

        // After each placeholder stands a character that its value cannot hold, so there is one way to read it.
        var rest = key[_prefix.Length..];
        foreach (var part in _parts)
        {
            var length = LengthOf(part, rest);
            if (length == 0)
            {
                return false;
            }

            var taken = rest[..length];
            rest = rest[length..];
            if (part.Kind == KeyPartKind.Tenant)
            {
                if (!TenantName.IsCanonical(taken) || (tenant.Length > 0 && !taken.SequenceEqual(tenant)))
                {
                    return false;
                }

                tenant = taken;
            }
        }

        return rest.IsEmpty;
    }

    /// <summary>A key as somebody names it, with the prefix or without; false when the template cannot have made it.</summary>
    public bool TryReadBack(string text, out ResourceKey key)
    {
        key = new ResourceKey(_prefix.Length > 0 && text.StartsWith(_prefix, StringComparison.Ordinal) ? text : _prefix + text);
        return Makes(key.Value);
    }

    /// <summary>What all keys of the tenant begin with.</summary>
    public string StartFor(TenantName tenant)
    {
        var known = _parts.TakeWhile(static part => part.Kind is KeyPartKind.Literal or KeyPartKind.Tenant);
        return _prefix + string.Concat(known.Select(part => part.Kind == KeyPartKind.Literal ? part.Text : tenant.Value));
    }

    /// <summary>How much of the text the part takes; 0 when it cannot have made it.</summary>
    private static int LengthOf(KeyPart part, ReadOnlySpan<char> text)
    {
        if (part.Kind == KeyPartKind.Literal)
        {
            return text.StartsWith(part.Text) ? part.Text.Length : 0;
        }

        var length = text.IndexOfAnyExcept(KeyTemplateParser.Alphabet(part.Kind)!) is var end and >= 0 ? end : text.Length;
        return (part.Kind == KeyPartKind.RouteValue && length > MaxValueLength) || (part.Kind == KeyPartKind.Path && !text.StartsWith('/')) ? 0 : length;
    }

    private bool TryFormat(in KeySource source, bool lenient, out ResourceKey key)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, null, stackalloc char[256]);
        text.AppendLiteral(_prefix);
        foreach (var part in _parts)
        {
            if (!Append(ref text, part, source, lenient))
            {
                text.Clear();
                key = default;
                return false;
            }
        }

        key = new ResourceKey(Recent(text.Text) ?? text.ToString());
        text.Clear();
        return true;
    }

    // What is hot is asked for again and again: its key is a string once (64 bytes a request).
    private static string? Recent(ReadOnlySpan<char> text)
    {
        if (text.Length > LongestRecent)
        {
            return null;
        }

        ref var place = ref RecentKeys[string.GetHashCode(text) & (RecentKeys.Length - 1)];
        if (Volatile.Read(ref place) is { } recent && text.SequenceEqual(recent))
        {
            return recent;
        }

        var made = text.ToString();
        Volatile.Write(ref place, made);
        return made;
    }

    private static bool Append(ref DefaultInterpolatedStringHandler text, KeyPart part, in KeySource source, bool lenient)
    {
        switch (part.Kind)
        {
            case KeyPartKind.Literal:
                text.AppendLiteral(part.Text);
                return true;
            case KeyPartKind.Tenant:
                text.AppendLiteral(source.Tenant.Value ?? "");
                return source.Tenant.Value is not null;
            case KeyPartKind.Host:
                return AppendLower(ref text, WithoutDefaultPort(source.Host), UriCharacters.Host);
            case KeyPartKind.Path:
                return AppendLower(ref text, WithoutTrailingSlash(source.Path), UriCharacters.Path);
            case KeyPartKind.RouteValue:
                return AppendValue(ref text, source.RouteValues[part.Text] as string, lenient);
            default:
                throw new InvalidOperationException($"No such part: {part.Kind}");
        }
    }

    private static bool AppendValue(ref DefaultInterpolatedStringHandler text, string? value, bool lenient)
    {
        var span = (lenient ? LenientText.SafePrefix(value) : value).AsSpan();
        if (span.Length is 0 or > MaxValueLength || span.ContainsAnyExcept(UriCharacters.Unreserved))
        {
            return false;
        }

        if (Uuid.Matches(span))
        {
            return AppendLower(ref text, span, UriCharacters.Unreserved);
        }

        text.AppendFormatted(span);
        return true;
    }

    private static bool AppendLower(ref DefaultInterpolatedStringHandler text, ReadOnlySpan<char> value, SearchValues<char> allowed)
    {
        if (value.Length is 0 or > MaxPathLength || value.ContainsAnyExcept(allowed))
        {
            return false;
        }

        Span<char> lower = stackalloc char[value.Length];
        value.ToLowerInvariant(lower);
        text.AppendFormatted((ReadOnlySpan<char>)lower);
        return true;
    }

    // http and https have different default ports; the stored target tells the two apart where it matters.
    private static ReadOnlySpan<char> WithoutDefaultPort(ReadOnlySpan<char> host) =>
        host.EndsWith(":80") ? host[..^3] : host.EndsWith(":443") ? host[..^4] : host;

    private static ReadOnlySpan<char> WithoutTrailingSlash(ReadOnlySpan<char> path) =>
        path.Length > 1 && path[^1] == '/' ? path[..^1] : path;
}

/// <summary>What a key may be made of.</summary>
/// <param name="Tenant">The tenant; <c>default</c> when the request has none.</param>
/// <param name="Host">The value of <c>Host</c>.</param>
/// <param name="Path">The path, decoded once.</param>
/// <param name="RouteValues">The values of the matched route.</param>
internal readonly record struct KeySource(TenantName Tenant, string Host, string Path, RouteValueDictionary RouteValues);

/// <summary>
/// Values in the form of a UUID. Upper and lower case mean the same (RFC 9562 §4), and clients differ in which they use: a write in one
/// spelling must evict what was read in the other.
/// </summary>
internal static class Uuid
{
    private const int Length = 36;

    public static bool Matches(ReadOnlySpan<char> text)
    {
        if (text.Length != Length)
        {
            return false;
        }

        for (var i = 0; i < Length; i++)
        {
            var isOne = i is 8 or 13 or 18 or 23 ? text[i] == '-' : char.IsAsciiHexDigit(text[i]);
            if (!isOne)
            {
                return false;
            }
        }

        return true;
    }
}
