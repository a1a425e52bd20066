using System.Buffers;
using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>
/// Parses key templates, and refuses those that could make one key of two resources: after a placeholder must come a character that
/// its value cannot hold.
/// </summary>
internal static class KeyTemplateParser
{
    private const string Form = "text with {tenant}, {host}, {path} or {NAME} of a route value, e.g. {tenant}:customer:{id}";

    public static ImmutableArray<KeyPart> Parse(string text, out string? problem)
    {
        var parts = ImmutableArray.CreateBuilder<KeyPart>();
        problem = Split(text, parts) ?? FindAmbiguity(parts);
        return parts.ToImmutable();
    }

    private static string? Split(string text, ImmutableArray<KeyPart>.Builder parts)
    {
        for (var i = 0; i < text.Length;)
        {
            var open = text[i] == '{';
            var end = open ? text.IndexOf('}', i) : text.AsSpan(i).IndexOfAny('{', '}');
            end = open ? end : end < 0 ? text.Length : end + i;
            if (end < 0 || (!open && end < text.Length && text[end] == '}'))
            {
                return $"{Form}; every brace needs its partner";
            }

            var content = open ? text[(i + 1)..end] : text[i..end];
            if (open && !IsName(content))
            {
                return $"{Form}; '{{{content}}}' is no name";
            }

            if (!open && content.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                return $"{Form}; without blanks, control characters and characters beyond ASCII";
            }

            parts.Add(open ? Placeholder(content) : new KeyPart(KeyPartKind.Literal, content));
            i = open ? end + 1 : end;
        }

        return parts.Any(static part => part.Kind is not (KeyPartKind.Tenant or KeyPartKind.Host))
            ? null
            : $"{Form}; at least a word for what is cached, as in {{tenant}}:service-catalog";
    }

    private static string? FindAmbiguity(ImmutableArray<KeyPart>.Builder parts)
    {
        for (var i = 0; i + 1 < parts.Count; i++)
        {
            var alphabet = Alphabet(parts[i].Kind);
            if (alphabet is null)
            {
                continue;
            }

            var next = parts[i + 1];
            var clear = next.Kind switch
            {
                KeyPartKind.Literal => !alphabet.Contains(next.Text[0]),
                // A path begins with a slash, which neither a host nor a value holds.
                KeyPartKind.Path => !alphabet.Contains('/'),
                KeyPartKind.Tenant or KeyPartKind.Host or KeyPartKind.RouteValue => false,
            };
            if (!clear)
            {
                return $"{Form}; after {{{parts[i].Text}}} a character that its value cannot hold, such as '|', "
                    + "or two resources could share a key";
            }
        }

        return null;
    }

    public static SearchValues<char>? Alphabet(KeyPartKind kind) => kind switch
    {
        KeyPartKind.Literal => null,
        KeyPartKind.Tenant or KeyPartKind.RouteValue => UriCharacters.Unreserved,
        KeyPartKind.Host => UriCharacters.Host,
        KeyPartKind.Path => UriCharacters.Path,
    };

    private static KeyPart Placeholder(string name) => name.ToLowerInvariant() switch
    {
        "tenant" => new KeyPart(KeyPartKind.Tenant, name),
        "host" => new KeyPart(KeyPartKind.Host, name),
        "path" => new KeyPart(KeyPartKind.Path, name),
        _ => new KeyPart(KeyPartKind.RouteValue, name),
    };

    private static bool IsName(string text) => text.Length > 0 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}

/// <summary>One part of a key template: a literal or a placeholder.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Text">The literal's text, or the route value's name.</param>
internal readonly record struct KeyPart(KeyPartKind Kind, string Text);

internal enum KeyPartKind
{
    Literal,
    Tenant,
    Host,
    Path,
    RouteValue,
}
