using System.Buffers;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Routing.Patterns;

namespace CacheProxy.Identity;

/// <summary>
/// The one spelling of a path that a key stands for: the route's path with the values that the key has, or, under a key that names the
/// path, the path as it stands there. Routing takes other spellings for the same resource (case, a slash at the end, encoded letters), and
/// an API may not: each of them is a variant of its own, and a write to any evicts all.
/// </summary>
internal sealed class CanonicalPath
{
    private static readonly SearchValues<char> NeverInPathKey = SearchValues.Create("%ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly SearchValues<char> UpperCase = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private readonly bool _keyNamesPath;
    private readonly ImmutableArray<Piece> _pieces = [];

    /// <param name="template">The key.</param>
    /// <param name="routePath">The path of the first route that is cached by it.</param>
    public CanonicalPath(KeyTemplate template, string? routePath)
    {
        _keyNamesPath = template.NamesPath;
        if (!_keyNamesPath)
        {
            _pieces = [.. RoutePatternFactory.Parse(routePath ?? "").PathSegments.SelectMany(Pieces)];
        }
    }

    /// <param name="path">The path as it arrived.</param>
    /// <param name="values">What routing found in it.</param>
    public bool Matches(ReadOnlySpan<char> path, RouteValueDictionary values)
    {
        if (_keyNamesPath)
        {
            return !path.ContainsAny(NeverInPathKey) && (path.Length <= 1 || path[^1] != '/');
        }

        foreach (var piece in _pieces)
        {
            var text = piece.Literal ?? values[piece.ValueName!] as string;
            // A key has a UUID in lower case.
            if (text is null || !path.StartsWith(text) || (piece.Literal is null && Uuid.Matches(text) && text.AsSpan().ContainsAny(UpperCase)))
            {
                return false;
            }

            path = path[text.Length..];
        }

        return path.IsEmpty;
    }

    private static IEnumerable<Piece> Pieces(RoutePatternPathSegment segment) => segment.Parts
        .Select(static part => part switch
        {
            RoutePatternLiteralPart literal => new Piece(literal.Content, null),
            RoutePatternSeparatorPart separator => new Piece(separator.Content, null),
            RoutePatternParameterPart parameter => new Piece(null, parameter.Name),
            _ => throw new InvalidOperationException($"No such part: {part.PartKind}"),
        })
        .Prepend(new Piece("/", null));

    private readonly record struct Piece(string? Literal, string? ValueName);
}
