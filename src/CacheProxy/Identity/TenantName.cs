using System.Diagnostics.CodeAnalysis;

namespace CacheProxy.Identity;

/// <summary>A tenant: a DNS label (RFC 1123 §2.1: letters, digits, inner hyphens, 1 to 63 characters) in lower case.</summary>
internal readonly record struct TenantName
{
    private const int MaxLength = 63;

    private TenantName(string value) => Value = value;

    /// <summary>The label in lower case; <c>null</c> only in <c>default</c>, which no parser returns.</summary>
    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out TenantName tenant)
    {
        tenant = default;
        if (text is null || text.Length is 0 or > MaxLength || text[0] == '-' || text[^1] == '-')
        {
            return false;
        }

        var lower = true;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
            {
                return false;
            }

            lower &= !char.IsAsciiLetterUpper(c);
        }

        tenant = new TenantName(lower ? text : text.ToLowerInvariant());
        return true;
    }

    /// <summary>Whether the text is a tenant as it stands in keys.</summary>
    public static bool IsCanonical(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxLength || text[0] == '-' || text[^1] == '-')
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => Value;
}
