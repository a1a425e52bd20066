using System.Net;
using CacheProxy.Identity;
using CacheProxy.Tests.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class VariantDigestTests
{
    private static readonly CredentialFingerprint Credentials = new(new CredentialOptions());

    // Everything that a digest is made of, in spellings that would be one if the parts were only joined.
    private static readonly string[][] Requests =
    [
        [],
        ["?a"], ["?a="], ["?"], ["?a&b"], ["?b&a"], ["?A"], ["?a;b"], ["?%61"], ["?a?b"], ["?authorization: a"],
        ["/A"], ["/a/"],
        ["Authorization: a"], ["Authorization: A"], ["Authorization:"], ["Authorization: ab"], ["Authorization: a", "Authorization: b"],
        ["Authorization: b", "Authorization: a"], ["Authorization: a,b"], ["Authorization: a, b"], ["Authorization: a", "Authorization:"],
        ["Cookie: a"], ["Cookie: a; b"], ["Cookie: a", "Cookie: b"], ["X-Api-Key: a"], ["X-Api-Key: a", "Cookie: a"],
        ["Authorization: a", "Cookie: a"], ["Authorization: aCookie: a"],
        ["Origin: a"], ["Origin:"], ["Origin: a", "Origin: b"], ["Origin: a,b"], ["Origin: b", "Origin: a"],
        ["Referer: a"], ["Origin: a", "Referer: b"], ["Origin: b", "Referer: a"], ["Origin: ab"],
        ["X-Forwarded-Host: a"], ["X-Forwarded-Host: b"], ["X-Forwarded-Host:"], ["X-Forwarded-Proto: a"], ["X-Host: a"], ["Forwarded: a"],
        ["X-Forwarded-Host: a", "X-Forwarded-Host: b"], ["X-Forwarded-Port: a"], ["X-Forwarded-Prefix: a"], ["X-Original-Host: a"],
        ["X-Http-Host-Override: a"], ["X-Forwarded-Uri: a"], ["X-Forwarded-Path: a"], ["X-Forwarded-Scheme: a"], ["X-Forwarded-Ssl: a"],
        ["?a", "Authorization: a"], ["?aAuthorization: a"], ["?a", "Origin: a"], ["?a", "X-Forwarded-Host: a"],
    ];

    [Fact]
    public void No_two_different_requests_are_one_variant()
    {
        var digests = Requests.Select(static lines => (Request: string.Join('|', lines), Digest: Compute(lines, "origin,referer"))).ToArray();

        Assert.All(digests.GroupBy(static pair => pair.Digest), static group =>
            Assert.Equal(["one"], group.Count() == 1 ? ["one"] : group.Select(static pair => pair.Request)));
    }

    [Fact]
    public void Only_a_request_with_nothing_that_may_change_the_answer_is_the_plain_variant() => Assert.All(
        Requests, static lines => Assert.Equal(lines.Length == 0, Compute(lines, "origin,referer").IsPlain));

    [Fact]
    public void A_digest_has_32_hexadecimal_digits() => Assert.Matches("^[0-9a-f]{32}$", Compute(["?a"], "").Digest);

    [Theory]
    [InlineData("User-Agent: a")]
    [InlineData("Accept: a")]
    [InlineData("X-Forwarded-For: 10.0.0.1")]
    [InlineData("If-None-Match: \"a\"")]
    [InlineData("Range: bytes=0-1")]
    [InlineData("Cache-Control: no-cache")]
    public void Headers_that_nobody_named_are_not_part_of_it(string line) => Assert.True(Compute([line], "").IsPlain);

    [Fact]
    public void Names_that_the_request_does_not_carry_change_nothing() =>
        Assert.Equal(Compute(["Origin: a"], "origin"), Compute(["Origin: a"], "accept,accept-encoding,origin"));

    [Fact]
    public void A_response_that_varies_on_the_clients_address_varies_on_the_one_that_the_proxy_appends()
    {
        var one = Compute([], "x-forwarded-for", IPAddress.Parse("10.0.0.1"));
        var other = Compute([], "x-forwarded-for", IPAddress.Parse("10.0.0.2"));

        Assert.NotEqual(one, other);
        Assert.False(one.IsPlain);
        Assert.True(Compute([], "accept", IPAddress.Parse("10.0.0.1")).IsPlain);
        Assert.NotEqual(one, Compute(["X-Forwarded-For: 10.0.0.1"], "x-forwarded-for"));
    }

    [Fact]
    public void Without_a_fingerprint_credentials_make_no_variant() =>
        Assert.True(VariantDigest.Compute(new VariantSource(Headers.Live("Authorization: a"), "", null, null, null), "").IsPlain);

    [Fact]
    public void Different_inputs_have_different_digests_and_equal_ones_equal() => Prop.ForAll(
        Inputs().Two().ToArbitrary(),
        static pair => Describe(pair.Item1) == Describe(pair.Item2) == (Compute(pair.Item1, "origin,referer") == Compute(pair.Item2, "origin,referer")))
        .QuickCheckThrowOnFailure();

    // Short texts over few characters, so that equal and nearly equal requests are common.
    private static Gen<string[]> Inputs() => Gen.Elements("?a", "Authorization: ", "Cookie: ", "Origin: ", "Referer: ", "Forwarded: ")
        .Zip(Gen.Elements("", "a", "b", "a,b", "aa", "B: a"))
        .Select(static parts => parts.Item1 + parts.Item2)
        .ListOf()
        .Select(static lines => lines.Take(3).ToArray());

    // Header lines of one name keep their order; of several names they have none. Of several queries the last counts.
    private static string Describe(string[] lines) => string.Join('\n', lines
        .Where((line, i) => line[0] != '?' || !lines.Skip(i + 1).Any(static later => later[0] == '?'))
        .GroupBy(static line => line[0] == '?' ? "?" : line[..line.IndexOf(':', StringComparison.Ordinal)])
        .OrderBy(static group => group.Key, StringComparer.Ordinal)
        .Select(static group => string.Join('\r', group)));

    private static VariantKey Compute(string[] lines, string vary, IPAddress? client = null)
    {
        var query = lines.LastOrDefault(static line => line[0] == '?') ?? "";
        var path = lines.LastOrDefault(static line => line[0] == '/');
        var headers = new HeaderDictionary();
        foreach (var line in lines.Where(static line => line[0] is not '?' and not '/'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = StringValues.Concat(headers[line[..colon]], line[(colon + 1)..].TrimStart(' '));
        }

        return VariantDigest.Compute(new VariantSource(headers, query, Credentials, path, client), vary);
    }
}
