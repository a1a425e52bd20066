using System.Text.Json.Nodes;
using CacheProxy.Identity.Tokens;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;

namespace CacheProxy.Tests.Identity.Tokens;

public sealed class TokenVerifierTests
{
    private static readonly TokenIssuer Rsa = TokenIssuer.Rsa();
    private static readonly TokenIssuer OtherRsa = TokenIssuer.Rsa(other: true);
    private static readonly TokenIssuer Curve = TokenIssuer.Curve();

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    public async Task A_token_that_the_issuer_signed_with_RSA_is_verified(string algorithm)
    {
        var issuer = TokenIssuer.Rsa(algorithm: algorithm);
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(issuer));

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(issuer.Sign(TokenIssuer.Payload(tokens.Now))));
    }

    [Theory]
    [InlineData("P-256", "ES256")]
    [InlineData("P-384", "ES384")]
    [InlineData("P-521", "ES512")]
    public async Task So_is_one_signed_with_a_curve(string curve, string algorithm)
    {
        var issuer = TokenIssuer.Curve(name: curve, algorithm: algorithm);
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa, issuer));

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(issuer.Sign(TokenIssuer.Payload(tokens.Now))));
    }

    [Fact]
    public async Task A_token_without_a_key_id_is_tried_with_every_key_of_its_kind()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(TokenIssuer.Rsa("a", other: true), Curve, Rsa));

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(Rsa.Sign(TokenIssuer.Payload(tokens.Now), ("kid", null))));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("None")]
    [InlineData("")]
    public async Task An_algorithm_that_anybody_could_sign_with_is_refused(string algorithm)
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));

        Assert.Equal(
            algorithm == "none" ? TokenVerdict.Malformed : TokenVerdict.Algorithm,
            tokens.Judge(Rsa.Forge(TokenIssuer.Payload(tokens.Now), algorithm)));
        Assert.Equal(TokenVerdict.Algorithm, tokens.Judge(Rsa.Sign(TokenIssuer.Payload(tokens.Now), ("alg", algorithm))));
    }

    [Fact]
    public async Task A_signature_by_another_key_or_over_something_else_is_refused()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa, Curve));
        var parts = Rsa.Sign(TokenIssuer.Payload(tokens.Now)).Split('.');
        var others = Rsa.Sign(TokenIssuer.Payload(tokens.Now, ("role", "admin"))).Split('.');

        Assert.Equal(TokenVerdict.Signature, tokens.Judge(OtherRsa.Sign(TokenIssuer.Payload(tokens.Now))));
        Assert.Equal(TokenVerdict.Signature, tokens.Judge($"{parts[0]}.{others[1]}.{parts[2]}"));
        Assert.Equal(TokenVerdict.KeyUnknown, tokens.Judge(Rsa.Sign(TokenIssuer.Payload(tokens.Now), ("kid", "ec"))));
        Assert.Equal(TokenVerdict.KeyUnknown, tokens.Judge(TokenIssuer.Curve("rsa").Sign(TokenIssuer.Payload(tokens.Now))));
    }

    public static TheoryData<string, string?, object> WrongClaims => new()
    {
        { "iss", "\"https://other.test\"", TokenVerdict.Issuer },
        { "iss", "\"https://issuer.test/\"", TokenVerdict.Issuer },
        { "iss", null, TokenVerdict.Issuer },
        { "aud", "\"other-api\"", TokenVerdict.Audience },
        { "aud", "[\"other-api\"]", TokenVerdict.Audience },
        { "aud", null, TokenVerdict.Audience },
        { "aud", "{}", TokenVerdict.Audience },
        { "exp", "1", TokenVerdict.Expired },
        { "exp", null, TokenVerdict.Lifetime },
        { "exp", "\"never\"", TokenVerdict.Lifetime },
        { "exp", "1e99", TokenVerdict.Lifetime },
        { "nbf", "4000000000", TokenVerdict.Lifetime },
        { "nbf", "\"soon\"", TokenVerdict.Lifetime },
        { "cnf", "{\"jkt\":\"x\"}", TokenVerdict.Extension },
    };

    [Theory]
    [MemberData(nameof(WrongClaims))]
    public async Task A_signed_token_that_is_not_for_here_and_now_is_refused(string claim, string? value, object verdict)
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));
        var payload = TokenIssuer.Payload(tokens.Now, (claim, value is null ? null : JsonNode.Parse(value)));

        Assert.Equal(verdict, tokens.Judge(Rsa.Sign(payload)));
    }

    [Fact]
    public async Task An_audience_may_be_one_of_several()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));

        Assert.Equal(
            TokenVerdict.Verified, tokens.Judge(Rsa.Sign(TokenIssuer.Payload(tokens.Now, ("aud", new JsonArray("other-api", TokenIssuer.Audience))))));
    }

    [Fact]
    public async Task What_must_be_understood_is_not()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));

        Assert.Equal(TokenVerdict.Extension, tokens.Judge(Rsa.Sign(TokenIssuer.Payload(tokens.Now), ("crit", new JsonArray("exp")))));
    }

    [Theory]
    [InlineData("opaque")]
    [InlineData("a.b.c")]
    [InlineData("a.b.c.d.e")]
    [InlineData("..")]
    [InlineData("e30.e30.AA")]
    [InlineData("W10.W10.AA")]
    [InlineData("e30.e30.AA, Bearer e30.e30.AA")]
    public async Task What_is_no_signed_JWT_is_opaque(string token)
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));

        Assert.Equal(token == "e30.e30.AA" ? TokenVerdict.Algorithm : TokenVerdict.Malformed, tokens.Judge(token));
    }

    [Fact]
    public async Task A_name_twice_in_a_token_leaves_a_doubt()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));
        var payload = TokenIssuer.Payload(tokens.Now).ToJsonString();

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(Rsa.Sign(payload)));
        Assert.Equal(TokenVerdict.Malformed, tokens.Judge(Rsa.Sign(payload.Replace("{", "{\"role\":\"admin\",", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task One_line_with_one_bearer_token_is_asked_for()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));
        var token = Rsa.Sign(TokenIssuer.Payload(tokens.Now));

        Assert.Equal(TokenVerdict.Absent, tokens.Judge([], out _));
        Assert.Equal(TokenVerdict.Malformed, tokens.Judge([$"Bearer {token}", $"Bearer {token}"], out _));
        Assert.Equal(TokenVerdict.Malformed, tokens.Judge([$"Basic {token}"], out _));
        Assert.Equal(TokenVerdict.Malformed, tokens.Judge(["Bearer"], out _));
        Assert.Equal(TokenVerdict.Malformed, tokens.Judge([$"Bearer {token} {token}"], out _));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge([$"bearer {token}"], out _));
    }

    [Fact]
    public async Task A_verified_token_ends_with_exp_and_is_verified_once()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa));
        using var judged = new MetricCollector<long>(tokens.Meters, CacheProxy.Telemetry.CacheProxyMeter.Name, "cacheproxy.tokens");
        var token = Rsa.Sign(TokenIssuer.Payload(tokens.Now));

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
        tokens.Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
        tokens.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TokenVerdict.Expired, tokens.Judge(token));

        Assert.Equal(["verified", "expired"], judged.GetMeasurementSnapshot().Select(static measured => measured.Tags["verdict"]));
    }

    [Fact]
    public async Task A_skew_of_clocks_is_allowed_for_where_it_is_configured()
    {
        await using var tokens = await IssuedTokens.StartAsync(
            TokenIssuer.Jwks(Rsa), IssuedTokens.Options with { ClockSkew = TimeSpan.FromSeconds(30) });
        var early = Rsa.Sign(TokenIssuer.Payload(tokens.Now.AddSeconds(30)));

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(early));
        Assert.Equal(TokenVerdict.Lifetime, tokens.Judge(Rsa.Sign(TokenIssuer.Payload(tokens.Now.AddSeconds(31)))));
        tokens.Time.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(59));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(early));
        tokens.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TokenVerdict.Expired, tokens.Judge(early));
    }

    [Fact]
    public async Task Made_up_tokens_cost_a_bounded_number_of_signatures_and_the_same_one_only_one()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Curve));
        var good = Curve.Sign(TokenIssuer.Payload(tokens.Now));
        var parts = good.Split('.');
        string Forged(int i) => $"{parts[0]}.{parts[1]}.{Convert.ToBase64String(BitConverter.GetBytes(i)).TrimEnd('=').Replace('+', '-').Replace('/', '_')}";

        var verdicts = Enumerable.Range(0, 4100).Select(i => tokens.Judge(Forged(i))).ToArray();

        Assert.Equal(4000, verdicts.Count(static verdict => verdict == TokenVerdict.Signature));
        Assert.Equal(TokenVerdict.Unchecked, verdicts[^1]);
        Assert.Equal(TokenVerdict.Unchecked, tokens.Judge(good));
        // Of those that were refused, the last ones are still known.
        Assert.Equal(TokenVerdict.Signature, tokens.Judge(Forged(3999)));
        tokens.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(good));
    }

    [Fact]
    public async Task Half_a_pair_of_surrogates_is_no_text()
    {
        var selection = new ClaimSelection(["role"], "");
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Rsa), selections: selection);
        var payload = TokenIssuer.Payload(tokens.Now).ToJsonString().Replace("\"staff\"", "\"\\ud800\"", StringComparison.Ordinal);

        Assert.NotEqual(TokenVerdict.Verified, tokens.Judge(Rsa.Sign(payload)));
    }
}
