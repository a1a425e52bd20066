using CacheProxy.Identity;
using CacheProxy.Tests.Http;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class CredentialFingerprintTests
{
    [Theory]
    [InlineData("Authorization: a", true)]
    [InlineData("authorization:", true)]
    [InlineData("COOKIE: a=1", true)]
    [InlineData("X-Api-Key: a", true)]
    [InlineData("X-Client-Cert: a", false)]
    [InlineData("Proxy-Authorization: a", false)]
    public void The_shipped_credentials_are_Authorization_Cookie_and_X_Api_Key(string line, bool isPresent) =>
        Assert.Equal(isPresent, new CredentialFingerprint(new CredentialOptions()).IsPresent(Headers.Live(line)));

    [Fact]
    public void Neither_order_case_nor_repetition_of_the_configured_names_matters()
    {
        var headers = Headers.Live("X-A: 1", "X-B: 2");

        Assert.Equal(Write(headers, "", "X-A", "X-B"), Write(headers, "", "x-b", "x-a", "X-B"));
    }

    [Fact]
    public void A_header_that_is_configured_but_not_sent_changes_nothing()
    {
        var headers = Headers.Live("X-A: 1");

        Assert.Equal(Write(headers, "", "X-A"), Write(headers, "", "X-A", "X-B"));
    }

    [Fact]
    public void A_value_under_another_name_is_another_credential() =>
        Assert.NotEqual(Write(Headers.Live("X-A: 1"), "", "X-A", "X-B"), Write(Headers.Live("X-B: 1"), "", "X-A", "X-B"));

    [Fact]
    public void With_a_secret_nobody_can_guess_a_credential_from_its_fingerprint()
    {
        var headers = Headers.Live("Authorization: a");
        string[] fingerprints = [Write(headers, ""), Write(headers, "secret"), Write(headers, "Secret"), Write(headers, "other")];

        Assert.Equal(4, fingerprints.Distinct().Count());
        Assert.Equal(fingerprints[1], Write(headers, "secret"));
    }

    [Fact]
    public void A_credential_larger_than_any_buffer_counts_to_its_last_character()
    {
        var one = new HeaderDictionary { ["Cookie"] = new string('a', 100_000) + "1" };
        var other = new HeaderDictionary { ["Cookie"] = new string('a', 100_000) + "2" };

        Assert.NotEqual(Write(one, ""), Write(other, ""));
        Assert.Equal(Write(one, ""), Write(one, ""));
    }

    private static string Write(HeaderDictionary headers, string secret, params string[] names)
    {
        var options = new CredentialOptions { FingerprintSecret = secret };
        Span<byte> fingerprint = stackalloc byte[CredentialFingerprint.Length];
        new CredentialFingerprint(names.Length == 0 ? options : options with { Headers = [.. names] }).Write(headers, fingerprint);
        return Convert.ToHexString(fingerprint);
    }
}
