using System.Collections.Immutable;
using CacheProxy.Http;
using CacheProxy.Identity.Tokens;

namespace CacheProxy.Identity;

/// <summary>Asks every source for the tenant of a request; they must agree.</summary>
internal sealed class TenantResolver
{
    private const string HostSource = "Host";
    private const string HeaderPrefix = "Header:";
    private const string ClaimPrefix = "Claim:";

    private readonly ITenantSource[] _sources;
    private readonly TenantOptions _options;

    /// <param name="options">Checked options: every source satisfies <see cref="IsSource"/>.</param>
    /// <param name="tokens">Verifies the tokens of those that are claims.</param>
    public TenantResolver(TenantOptions options, TokenVerifier? tokens = null)
    {
        _options = options;
        var domains = ImmutableArray.CreateRange(options.BaseDomains, static domain => domain.Trim('.'));
        Headers = [.. options.Sources.Select(HeaderName).OfType<string>()];
        _sources = new ITenantSource[options.Sources.Length];
        for (var i = 0; i < _sources.Length; i++)
        {
            _sources[i] = HeaderName(options.Sources[i]) is { } header ? new HeaderTenantSource(header)
                : ClaimName(options.Sources[i]) is { } claim ? new ClaimTenantSource(claim, tokens)
                : new HostTenantSource(domains);
        }
    }

    /// <summary>
    /// Whether <paramref name="text"/> is <c>Host</c>, <c>Header:NAME</c> with a field name (RFC 9110 §5.1), or <c>Claim:NAME</c>.
    /// </summary>
    public static bool IsSource(string text) =>
        text.Equals(HostSource, StringComparison.OrdinalIgnoreCase) || HeaderName(text) is not null || ClaimName(text) is not null;

    /// <summary>The claims among the sources.</summary>
    public static ImmutableArray<string> Claims(TenantOptions options) => [.. options.Sources.Select(ClaimName).OfType<string>()];

    /// <summary>The headers among the sources.</summary>
    public ImmutableArray<string> Headers { get; }

    /// <param name="request">The request.</param>
    /// <param name="folded">Its headers that an API may take for others; what they name is in doubt.</param>
    public TenantResolution Resolve(HttpRequest request, FoldedHeaders folded = default)
    {
        var candidates = default(TenantCandidates);
        foreach (var source in _sources)
        {
            source.Read(request, folded, ref candidates);
        }

        return candidates.Resolve();
    }

    /// <summary>What each source says by itself, in their order.</summary>
    public IEnumerable<(string Source, TenantResolution Says)> ResolveEach(HttpRequest request, FoldedHeaders folded = default)
    {
        for (var i = 0; i < _sources.Length; i++)
        {
            var candidates = default(TenantCandidates);
            _sources[i].Read(request, folded, ref candidates);
            yield return (_options.Sources[i], candidates.Resolve());
        }
    }

    /// <summary>The same by another verifier of tokens.</summary>
    public TenantResolver With(TokenVerifier? tokens) => new(_options, tokens);

    private static string? HeaderName(string source) =>
        source.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && IsFieldName(source.AsSpan(HeaderPrefix.Length))
            ? source[HeaderPrefix.Length..]
            : null;

    private static string? ClaimName(string source) =>
        source.StartsWith(ClaimPrefix, StringComparison.OrdinalIgnoreCase) && source.Length > ClaimPrefix.Length ? source[ClaimPrefix.Length..] : null;

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

/// <summary>Where a request's tenant is read from (<c>CacheProxy:Tenant</c>).</summary>
internal sealed record TenantOptions
{
    /// <summary>
    /// Ordered sources, each <c>Header:NAME</c>, <c>Host</c> or <c>Claim:NAME</c> (of the verified bearer token). Every source that speaks must agree; a request without a tenant, or
    /// with two, is forwarded uncached. Default: <c>Header:X-Tenant-Subdomain</c>, <c>Host</c>.
    /// </summary>
    public ImmutableArray<string> Sources { get; init; } = ["Header:X-Tenant-Subdomain", "Host"];

    /// <summary>
    /// Domains under which the first label of <c>Host</c> is the tenant: <c>demo.example.com</c> under <c>example.com</c> is
    /// <c>demo</c>. Default: none, so that <c>Host</c> names no tenant.
    /// </summary>
    public ImmutableArray<string> BaseDomains { get; init; } = [];
}
