using System.Text;

namespace CacheProxy.Identity;

/// <summary>Whose a key is, by the templates of the policies in force: exactly, wherever in a key its tenant stands.</summary>
internal sealed class TenantKeys
{
    private static readonly char[] GlobCharacters = ['*', '?', '[', ']', '\\'];

    private volatile KeyTemplate[] _templates = [];

    /// <summary>Takes other templates from now on.</summary>
    public void Use(IEnumerable<KeyTemplate> templates) => _templates = [.. templates.Where(static template => template.NeedsTenant)];

    /// <summary>The tenant in a key; empty where no template with a tenant makes such a key.</summary>
    public ReadOnlySpan<char> Find(ReadOnlySpan<char> key)
    {
        foreach (var template in _templates)
        {
            // No two templates make the same key.
            if (template.TryReadTenant(key, out var tenant))
            {
                return tenant;
            }
        }

        return default;
    }

    /// <summary>A pattern as Redis understands it that every key of the tenant matches, and other keys may; <c>null</c> where there can be none.</summary>
    public string? Pattern(TenantName tenant)
    {
        string? common = null;
        foreach (var template in _templates)
        {
            var start = template.StartFor(tenant);
            common = common is null ? start : common[..common.AsSpan().CommonPrefixLength(start)];
        }

        return common is null ? null : Escape(common) + "*";
    }

    private static string Escape(string text)
    {
        var pattern = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = GlobCharacters.Contains(c) ? pattern.Append('\\').Append(c) : pattern.Append(c);
        }

        return pattern.ToString();
    }
}
