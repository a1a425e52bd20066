using System.Text;
using System.Text.Json.Nodes;
using CacheProxy.Identity.Tokens;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;

namespace CacheProxy.Tests.Identity.Tokens;

public sealed class IssuerKeysTests
{
    private static readonly TokenIssuer Old = TokenIssuer.Rsa("old");
    private static readonly TokenIssuer New = TokenIssuer.Curve("new");

    [Fact]
    public async Task Without_keys_no_token_is_verified_until_they_come()
    {
        await using var tokens = await IssuedTokens.StartAsync(jwks: null);
        var token = Old.Sign(TokenIssuer.Payload(tokens.Now));
        Assert.Equal(TokenVerdict.KeysUnavailable, tokens.Judge(token));

        tokens.Published = TokenIssuer.Jwks(Old);
        await tokens.UntilFetchedAsync(2);

        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
    }

    [Fact]
    public async Task A_key_that_is_not_known_yet_is_asked_for_once_in_ten_seconds_and_no_token_waits_for_it()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Old));
        var token = New.Sign(TokenIssuer.Payload(tokens.Now));
        tokens.Published = TokenIssuer.Jwks(Old, New);

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(TokenVerdict.KeyUnknown, tokens.Judge(token));
        }

        Assert.Equal(1, tokens.Fetches);
        await tokens.UntilFetchedAsync(2);
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
        Assert.Equal(TimeSpan.FromSeconds(10), tokens.Now - IssuedTokens.Start);
    }

    [Fact]
    public async Task What_a_withdrawn_key_has_signed_is_verified_no_more()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Old, New));
        var (byOld, byNew) = (Old.Sign(TokenIssuer.Payload(tokens.Now)), New.Sign(TokenIssuer.Payload(tokens.Now)));
        Assert.Equal((TokenVerdict.Verified, TokenVerdict.Verified), (tokens.Judge(byOld), tokens.Judge(byNew)));

        tokens.Published = TokenIssuer.Jwks(New);
        await tokens.UntilFetchedAsync(2);

        Assert.Equal((TokenVerdict.KeyUnknown, TokenVerdict.Verified), (tokens.Judge(byOld), tokens.Judge(byNew)));
    }

    [Fact]
    public async Task Another_key_under_the_same_id_is_another_key()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Old));
        var token = Old.Sign(TokenIssuer.Payload(tokens.Now));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));

        tokens.Published = TokenIssuer.Jwks(TokenIssuer.Rsa("old", other: true));
        await tokens.UntilFetchedAsync(2);

        Assert.Equal(TokenVerdict.Signature, tokens.Judge(token));
    }

    [Fact]
    public async Task Keys_that_cannot_be_fetched_again_count_for_KeysMaxAge_and_what_they_verified_no_longer()
    {
        await using var tokens = await IssuedTokens.StartAsync(TokenIssuer.Jwks(Old));
        using var ages = new MetricCollector<double>(tokens.Meters, CacheProxy.Telemetry.CacheProxyMeter.Name, "cacheproxy.tokens.keys.age");
        var token = Old.Sign(TokenIssuer.Payload(tokens.Now, ("exp", tokens.Now.AddHours(2).ToUnixTimeSeconds())));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
        tokens.Published = null;

        tokens.Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
        ages.RecordObservableInstruments();
        Assert.Equal(3599, Assert.Single(ages.GetMeasurementSnapshot()).Value);

        tokens.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TokenVerdict.KeysUnavailable, tokens.Judge(token));

        tokens.Published = TokenIssuer.Jwks(Old);
        await tokens.UntilFetchedAsync(tokens.Fetches + 1);
        Assert.Equal(TokenVerdict.Verified, tokens.Judge(token));
    }

    [Fact]
    public async Task An_issuer_that_does_not_answer_is_asked_ever_less()
    {
        await using var tokens = await IssuedTokens.StartAsync(jwks: null);

        await tokens.UntilFetchedAsync(12);

        // 1, 2, 4 … 32, 60 seconds, each at least halved.
        Assert.InRange((tokens.Now - IssuedTokens.Start).TotalSeconds, (63 + (5 * 60)) / 2, 63 + (5 * 60));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"keys\":[]}")]
    [InlineData("{\"keys\":{}}")]
    [InlineData("<html>")]
    [InlineData("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"old\",\"k\":\"c2VjcmV0\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"RSA\"}, {\"kty\":\"EC\"}, {\"kty\":\"EC\",\"crv\":\"P-256\"}, {}, 1]}")]
    public void What_has_no_public_key_to_verify_with_is_no_set_of_keys(string json) =>
        Assert.Null(KeySet.TryRead(Encoding.UTF8.GetBytes(json), previous: null));

    [Fact]
    public void A_key_for_something_else_is_none_for_signatures()
    {
        Assert.Null(KeySet.TryRead(With("use", "enc"), previous: null));
        Assert.Null(KeySet.TryRead(With("key_ops", new JsonArray("encrypt")), previous: null));
        Assert.Empty(KeySet.TryRead(With("alg", "PS256"), previous: null)!.For("RS256", "old"));
        Assert.Single(KeySet.TryRead(With("alg", "RS256"), previous: null)!.For("RS256", "old"));

        static byte[] With(string name, JsonNode value)
        {
            var key = Old.PublicKey.DeepClone().AsObject();
            key.Remove("use");
            key[name] = value;
            return Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray(key) }.ToJsonString());
        }
    }
}
