using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>Asks every source for the tenant of a request; they must agree.</summary>
internal sealed class TenantResolver
{
    private const string HostSource = "Host";
    private const string HeaderPrefix = "Header:";

    private readonly ITenantSource[] _sources;

    /// <param name="options">Checked options: every source satisfies <see cref="IsSource"/>.</param>
    public TenantResolver(TenantOptions options)
    {
        var domains = ImmutableArray.CreateRange(options.BaseDomains, static domain => domain.Trim('.'));
        _sources = new ITenantSource[options.Sources.Length];
        for (var i = 0; i < _sources.Length; i++)
        {
            _sources[i] = HeaderName(options.Sources[i]) is { } header ? new HeaderTenantSource(header) : new HostTenantSource(domains);
        }
    }

    /// <summary>Whether <paramref name="text"/> is <c>Host</c> or <c>Header:NAME</c> with a field name (RFC 9110 §5.1).</summary>
    public static bool IsSource(string text) =>
        text.Equals(HostSource, StringComparison.OrdinalIgnoreCase) || HeaderName(text) is not null;

    public TenantResolution Resolve(HttpRequest request)
    {
        var votes = default(TenantVotes);
        foreach (var source in _sources)
        {
            source.Read(request, ref votes);
        }

        return votes.Verdict();
    }

    private static string? HeaderName(string source) =>
        source.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && IsFieldName(source.AsSpan(HeaderPrefix.Length))
            ? source[HeaderPrefix.Length..]
            : null;

    private static bool IsFieldName(ReadOnlySpan<char> name)
    {
        const string TokenPunctuation = "!#$%&'*+-.^_`|~";
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !TokenPunctuation.Contains(c))
            {
                return false;
            }
        }

        return name.Length > 0;
    }
}
