using CacheProxy.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>What <c>Credentials: Claims</c> and <c>Claim:</c> tenants need, checked together.</summary>
public sealed class TokenSettingsTests
{
    private const string Customer = "CacheProxy:Policies:customer";

    private static readonly (string Key, string? Value)[] Good =
    [
        ("CacheProxy:Tokens:Issuer", "https://issuer.test"),
        ("CacheProxy:Tokens:Audience", "customer-api, other-api"),
        ("CacheProxy:Tokens:Keys", "https://issuer.test/keys?version=1"),
        ($"{Customer}:Credentials", "Claims"),
        ($"{Customer}:Claims", "tenant, role, https://issuer.test/plan"),
    ];

    [Fact]
    public void What_is_complete_is_accepted_and_compiled()
    {
        var snapshot = CandidateConfiguration.Accepted(Good);

        Assert.Equal(["customer-api", "other-api"], snapshot.Options.Tokens.Audience);
        Assert.NotNull(snapshot.Rules.Tokens);
        Assert.NotNull(snapshot.Rules.Routes["customer"].Policy!.Claims);
    }

    [Theory]
    [InlineData("Keys", "keys/jwks.json")]
    [InlineData("Keys", "/etc/keys/jwks.json")]
    [InlineData("Keys", "http://localhost:8080/keys")]
    [InlineData("KeysRefresh", "10s")]
    [InlineData("KeysMaxAge", "7d")]
    [InlineData("ClockSkew", "5m")]
    public void So_are_values_in_their_range(string name, string value) =>
        CandidateConfiguration.Accepted(Changed($"CacheProxy:Tokens:{name}", value));

    [Theory]
    [InlineData("Keys", "ftp://issuer.test/keys")]
    [InlineData("Keys", "https://user:s3cret@issuer.test/keys")]
    [InlineData("Keys", "https://issuer.test/keys#fragment")]
    [InlineData("KeysRefresh", "9s")]
    [InlineData("KeysMaxAge", "1m")]
    [InlineData("KeysMaxAge", "8d")]
    [InlineData("ClockSkew", "6m")]
    [InlineData("Issuers", "x")]
    public void Others_are_refused_without_a_secret_in_the_report(string name, string value)
    {
        var problem = CandidateConfiguration.Refused(Changed($"CacheProxy:Tokens:{name}", value));

        Assert.Equal($"CacheProxy:Tokens:{name}", problem.Key);
        Assert.DoesNotContain("s3cret", ConfigurationReport.Text([problem]), StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_shares_by_claims_needs_claims_and_everything_about_tokens()
    {
        var (snapshot, problems) = CandidateConfiguration.Compile(($"{Customer}:Credentials", "Claims"));

        Assert.Null(snapshot);
        Assert.Equal(
            [$"{Customer}:Claims", "CacheProxy:Tokens:Audience", "CacheProxy:Tokens:Issuer", "CacheProxy:Tokens:Keys"],
            problems.Select(static problem => problem.Key).Order(StringComparer.Ordinal));
        Assert.All(problems, static problem => Assert.StartsWith("missing; ", problem.Allowed, StringComparison.Ordinal));
        Assert.All(problems.Skip(1), static problem => Assert.EndsWith("the policy customer has Credentials: Claims", problem.Allowed, StringComparison.Ordinal));
    }

    [Fact]
    public void So_does_a_tenant_that_is_a_claim()
    {
        var (_, problems) = CandidateConfiguration.Compile(("CacheProxy:Tenant:Sources", "Claim:tenant, Host"), Good[0], Good[1]);

        Assert.Equal("CacheProxy:Tokens:Keys", Assert.Single(problems).Key);
    }

    [Theory]
    [InlineData("PerCredential")]
    [InlineData("Shared")]
    public void Claims_without_the_mode_are_refused(string mode)
    {
        var problem = CandidateConfiguration.Refused(($"{Customer}:Credentials", mode), ($"{Customer}:Claims", "tenant"));

        Assert.Equal($"only together with Credentials: Claims; it is {mode}", problem.Allowed);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("\u00e4")]
    public void A_claim_has_a_name(string claim) =>
        Assert.Equal($"{Customer}:Claims", CandidateConfiguration.Refused(Changed($"{Customer}:Claims", claim)).Key);

    [Fact]
    public void Where_nobody_asks_for_tokens_none_is_verified_and_no_key_is_fetched() =>
        Assert.Null(CandidateConfiguration.Accepted(Good[0], Good[1], Good[2]).Rules.Tokens);

    private static (string Key, string? Value)[] Changed(string key, string value) => [.. Good.Where(pair => pair.Key != key), (key, value)];
}
