using System.Text;

namespace CacheProxy.Identity;

/// <summary>Which keys a template makes.</summary>
internal sealed partial class KeyTemplate
{
    private const string GlobCharacters = "*?[]\\";

    /// <summary>Whether it may have made the key. No two templates of a configuration make the same.</summary>
    public bool Makes(ReadOnlySpan<char> key)
    {
        if (!key.StartsWith(_prefix))
        {
            return false;
        }

        var rest = key[_prefix.Length..];
        foreach (var part in _parts)
        {
            var length = LengthOf(part, rest);
            if (length == 0)
            {
                return false;
            }

            rest = rest[length..];
        }

        return rest.IsEmpty;
    }

    /// <summary>A pattern as Redis understands it that every key matches, also with something behind it, and other keys may.</summary>
    /// <param name="tenant">Only keys of this tenant; <c>null</c> for those of all.</param>
    public string Pattern(TenantName? tenant = null)
    {
        var pattern = new StringBuilder();
        Append(pattern, _prefix);
        foreach (var part in _parts)
        {
            if (part.Kind == KeyPartKind.Literal)
            {
                Append(pattern, part.Text);
            }
            else if (part.Kind == KeyPartKind.Tenant && tenant is { } known)
            {
                Append(pattern, known.Value);
            }
            else if (pattern.Length == 0 || pattern[^1] != '*')
            {
                pattern.Append('*');
            }
        }

        return pattern.Length > 0 && pattern[^1] == '*' ? pattern.ToString() : pattern.Append('*').ToString();
    }

    private static void Append(StringBuilder pattern, string text)
    {
        foreach (var c in text)
        {
            _ = GlobCharacters.Contains(c) ? pattern.Append('\\').Append(c) : pattern.Append(c);
        }
    }
}
