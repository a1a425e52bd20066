using CacheProxy.Http;
using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Identity;

/// <summary>The parts that a person is shown are those that the digest takes.</summary>
public sealed class VariantPartsTests
{
    private const string Vary = "accept-encoding,x-plan";
    private static readonly CredentialFingerprint Credentials = new(new CredentialOptions());

    private static readonly string[] Lines =
    [
        "Accept: text/html", "Accept: */*", "Accept: application/json", "Accept-Language: de", "X-Plan: gold", "X-Plan: silver", "X_Plan: gold",
        "Accept-Encoding: gzip", "Accept-Encoding: identity", "Cookie: a=1", "Cookie: a=2", "Authorization: Bearer x", "X-Forwarded-Proto: https", "X-Other: 1",
    ];

    [Fact]
    public void Two_requests_have_one_variant_exactly_if_their_parts_are_equal() => Prop.ForAll(
        Arb.From(Gen.Zip(Request(), Request())),
        static pair =>
        {
            var (one, other) = (Source(pair.Item1), Source(pair.Item2));
            return VariantDigest.Compute(one, Vary) == VariantDigest.Compute(other, Vary) == Parts(one).SequenceEqual(Parts(other))
                && VariantDigest.Compute(one, Vary).IsPlain == (Parts(one).Count == 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_tells_callers_apart_is_a_fingerprint_also_where_the_answers_vary_on_it()
    {
        var parts = VariantParts.Of(Source(("", ["Cookie: secret-1", "X-Api-Key: secret-2"])), "cookie", Credentials);

        Assert.All(parts, static part => Assert.True(part.IsFingerprint && !part.Value.Contains("secret", StringComparison.Ordinal)));
        Assert.Equal(["credentials", "header"], parts.Select(static part => part.Kind));
    }

    private static Gen<(string Query, string[] Lines)> Request() =>
        from query in Gen.Elements("", "?a=b", "?b=a")
        from lines in Gen.SubListOf(Lines)
        select (query, lines.ToArray());

    private static List<VariantPart> Parts(in VariantSource source) => VariantParts.Of(source, Vary, Credentials);

    private static VariantSource Source((string Query, string[] Lines) request)
    {
        var headers = new HeaderDictionary();
        foreach (var line in request.Lines)
        {
            headers.Append(line.Split(": ")[0], line.Split(": ")[1]);
        }

        return new VariantSource(
            headers, request.Query, Credentials, OriginalPath: null, Folded: FoldedHeaders.Of(headers), VaryBy: ["accept", "accept-language"]);
    }
}
