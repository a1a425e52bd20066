using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class WellFormedPathTests
{
    private static readonly Gen<string> Paths = Gen.Elements(
            "/", "a", "B", "7", ".", "~", "-", "_", "%41", "%7e", "%7E", "%2e", "%2F", "%2f", "%25", "2F", "%", ";", "\\", "%5c", "%00", "+",
            "\u00e9", "%c3%a9", "%c0%af", ":", "@", "!", "'", "|", " ")
        .ArrayOf()
        .Select(static parts => "/" + string.Concat(parts));

    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("/a/")]
    [InlineData("/api/customers/123")]
    [InlineData("/API/Customers/123/")]
    [InlineData("/%41")]
    [InlineData("/%7e/%7E")]
    [InlineData("/a.b/.c/..d/a~b/a_b/a-b")]
    [InlineData("/!$&'()*+,=:@")]
    public void A_path_that_means_the_same_to_everybody_is_well_formed(string path) => Assert.True(WellFormedPath.Check(path));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("*")]
    [InlineData("http://host/a")]
    [InlineData("//")]
    [InlineData("//a")]
    [InlineData("/a//b")]
    [InlineData("/a//")]
    [InlineData("/.")]
    [InlineData("/..")]
    [InlineData("/./a")]
    [InlineData("/a/../b")]
    [InlineData("/a/..")]
    [InlineData("/a/...")]
    [InlineData("/a.")]
    [InlineData("/a./b")]
    [InlineData("/%2e%2e/a")]
    [InlineData("/%2E")]
    [InlineData("/a%2e")]
    [InlineData("/.%2e/a")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%2fb")]
    [InlineData("/a%252Fb")]
    [InlineData("/a%25")]
    [InlineData("/a%2541")]
    [InlineData("/a;b")]
    [InlineData("/a%3Bb")]
    [InlineData("/a\\b")]
    [InlineData("/a%5cb")]
    [InlineData("/a%5Cb")]
    [InlineData("/a%00")]
    [InlineData("/a%0d%0aSet-Cookie:x")]
    [InlineData("/a%20")]
    [InlineData("/a b")]
    [InlineData("/a\tb")]
    [InlineData("/a?b")]
    [InlineData("/a#b")]
    [InlineData("/a%3fb")]
    [InlineData("/\u00e9")]
    [InlineData("/%C3%A9")]
    [InlineData("/%c0%af")]
    [InlineData("/%EF%BC%91")]
    [InlineData("/%u0031")]
    [InlineData("/%")]
    [InlineData("/%4")]
    [InlineData("/%4g")]
    [InlineData("/%-1")]
    [InlineData("/a|b")]
    [InlineData("/{a}")]
    [InlineData("/a\"b")]
    [InlineData("/<a>")]
    [InlineData("/a^b`c")]
    public void A_path_that_programs_read_differently_is_not(string path) => Assert.False(WellFormedPath.Check(path));

    [Fact]
    public void Decoding_a_well_formed_path_once_or_again_and_again_comes_to_the_same() => Prop.ForAll(
        Paths.ToArbitrary(),
        static path => !WellFormedPath.Check(path) || (Uri.UnescapeDataString(path) is var decoded
            && decoded == LenientText.Fold(LenientText.Decode(path))
            && decoded[1..].Split('/') is var segments
            && segments.SkipLast(1).All(static segment => segment.Length > 0)
            && segments.All(static segment => !segment.EndsWith('.')))).QuickCheckThrowOnFailure();

    [Fact]
    public void Encoding_an_unreserved_character_changes_no_verdict() => Prop.ForAll(
        Paths.ToArbitrary(),
        static path => WellFormedPath.Check(path)
            == WellFormedPath.Check(path.Replace("a", "%61", StringComparison.Ordinal).Replace("_", "%5F", StringComparison.Ordinal)))
        .QuickCheckThrowOnFailure();
}
