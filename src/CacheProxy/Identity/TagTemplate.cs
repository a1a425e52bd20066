using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CacheProxy.Identity;

/// <summary>
/// The name of tags, parsed once: <c>plan:{plan}</c>, over <c>{tenant}</c>, the route's values and the names of values in a response's body.
/// A value with several elements makes several tags.
/// </summary>
internal sealed class TagTemplate
{
    private const int LongestRouteValue = 128;

    private readonly ImmutableArray<KeyPart> _parts;

    private TagTemplate(string text, ImmutableArray<KeyPart> parts)
    {
        Text = text;
        _parts = parts;
        NeedsTenant = parts.Any(static part => part.Kind == KeyPartKind.Tenant);
        ValueNames = [.. parts.Where(static part => part.Kind == KeyPartKind.RouteValue).Select(static part => part.Text)];
    }

    /// <summary>As it is configured.</summary>
    public string Text { get; }

    public bool NeedsTenant { get; }

    /// <summary>The values that it names besides the tenant.</summary>
    public ImmutableArray<string> ValueNames { get; }

    /// <param name="text">The template.</param>
    /// <param name="template">What it says.</param>
    /// <param name="problem">What is allowed instead.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out TagTemplate? template, out string? problem)
    {
        var parts = KeyTemplateParser.Parse(text, out problem);
        if (problem is null && (text.Length > TagName.Longest || parts.Any(static part => part.Kind is KeyPartKind.Host or KeyPartKind.Path)))
        {
            problem = $"at most {TagName.Longest} characters, with {{tenant}} or the names of values, and neither {{host}} nor {{path}}";
        }

        template = problem is null ? new TagTemplate(text, parts) : null;
        return template is not null;
    }

    /// <summary>The one tag that a request's own values make; false when one of them is absent or could be read in two ways.</summary>
    /// <param name="tenant">The tenant; <c>null</c> for none.</param>
    /// <param name="routeValues">The values of the matched route.</param>
    /// <param name="lenient">For evictions: from the safe prefix of each value (<see cref="KeyTemplate.TryFormatForEviction"/>).</param>
    /// <param name="tag">The tag's name.</param>
    public bool TryFormat(string? tenant, RouteValueDictionary routeValues, bool lenient, [NotNullWhen(true)] out string? tag)
    {
        var text = new StringBuilder();
        tag = null;
        foreach (var part in _parts)
        {
            var value = part.Kind switch
            {
                KeyPartKind.Literal => part.Text,
                KeyPartKind.Tenant => tenant,
                _ => OfRoute(routeValues[part.Text] as string, lenient),
            };
            if (value is null)
            {
                return false;
            }

            text.Append(value);
        }

        tag = text.ToString();
        return TagName.IsValid(tag);
    }

    /// <summary>Adds the tags of a response; false where they cannot all be told, or are too many.</summary>
    /// <param name="tenant">The tenant; <c>null</c> for none.</param>
    /// <param name="routeValues">The values of the matched route.</param>
    /// <param name="bodyValues">The values that were found in the body, by their names; these win over the route's.</param>
    /// <param name="most">How many tags there may be in the end.</param>
    /// <param name="tags">The tags.</param>
    public bool TryAddTo(
        string? tenant,
        RouteValueDictionary routeValues,
        IReadOnlyDictionary<string, List<string>> bodyValues,
        int most,
        HashSet<string> tags)
    {
        List<string> made = [""];
        foreach (var part in _parts)
        {
            List<string> values = part.Kind switch
            {
                KeyPartKind.Literal => [part.Text],
                KeyPartKind.Tenant => [tenant ?? ""],
                _ when bodyValues.TryGetValue(part.Text, out var found) => found.ConvertAll(OfBody),
                _ => [OfRoute(routeValues[part.Text] as string, lenient: false) ?? ""],
            };
            // Nothing in the body: no tag. Nothing where something must be: nobody can tell which.
            if (values.Contains(""))
            {
                return false;
            }

            if (made.Count * values.Count > most)
            {
                return false;
            }

            made = [.. made.SelectMany(_ => values, static (start, value) => start + value)];
        }

        tags.UnionWith(made);
        return tags.Count <= most && made.TrueForAll(TagName.IsValid);
    }

    private static string? OfRoute(string? value, bool lenient)
    {
        var text = lenient ? LenientText.SafePrefix(value) : value;
        return text is not { Length: > 0 and <= LongestRouteValue } || text.AsSpan().ContainsAnyExcept(UriCharacters.Unreserved)
            ? null
            : OfBody(text);
    }

    // One resource in two spellings has one tag, as it has one key.
    private static string OfBody(string value) => Uuid.Matches(value) ? value.ToLowerInvariant() : value;
}

/// <summary>What a tag may be called, and where its key is.</summary>
internal static class TagName
{
    /// <summary>What every tag's key begins with, after the key prefix. Templates of policies that could make such a key are refused.</summary>
    public const string KeyStart = "tag|";

    /// <summary>What stands between whose tag it is and its name.</summary>
    public const string ScopeEnd = "|";

    /// <summary>Longest name of a tag, in characters.</summary>
    public const int Longest = 256;

    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Append(127).Select(static code => (char)code)]);

    public static bool IsValid(string tag) => tag.Length is > 0 and <= Longest && !tag.AsSpan().ContainsAny(ControlCharacters);

    /// <param name="scope">What <see cref="KeyTemplate.ScopeOfTags"/> makes.</param>
    /// <param name="tag">Its name.</param>
    public static ResourceKey KeyOf(ResourceKey scope, string tag) => new(scope.Value + tag);
}
