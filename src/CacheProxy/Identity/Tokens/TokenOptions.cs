using System.Collections.Immutable;

namespace CacheProxy.Identity.Tokens;

/// <summary>How bearer tokens are verified (<c>CacheProxy:Tokens</c>), for policies with <c>Credentials: Claims</c> and <c>Claim:</c> tenants.</summary>
internal sealed record TokenOptions
{
    /// <summary>What <c>iss</c> must be, to the letter. Required where tokens are used.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>Of which one <c>aud</c> must have: what the API accepts. Required where tokens are used.</summary>
    public ImmutableArray<string> Audience { get; init; } = [];

    /// <summary>The issuer's keys as a JWKS (RFC 7517): a file, or an http or https URL. Required where tokens are used.</summary>
    public string Keys { get; init; } = "";

    /// <summary>How often the keys are fetched; 10 s to 24 h. A key that the issuer withdraws counts for this long. Default: 5 minutes.</summary>
    public TimeSpan KeysRefresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long keys count that could not be fetched again; KeysRefresh to 7 days. Afterwards no token is verified, and requests that need
    /// one are forwarded. Default: 1 hour.
    /// </summary>
    public TimeSpan KeysMaxAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How far <c>nbf</c> may be ahead of this machine's clock, and <c>exp</c> behind it; 0 to 5 minutes. Default: 0.</summary>
    public TimeSpan ClockSkew { get; init; }
}
