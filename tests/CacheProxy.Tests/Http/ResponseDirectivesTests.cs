using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §4.2.1, §5.2 and §5.2.2, RFC 9213.</summary>
public sealed class ResponseDirectivesTests
{
    [Fact]
    public void All_directives_are_read_in_any_case()
    {
        var directives = ResponseDirectives.Parse(
            "No-StOrE, PUBLIC, must-revalidate, proxy-revalidate, must-understand, MaX-aGe=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4");
        Assert.True(directives is { NoStore: true, Public: true, MustRevalidate: true, ProxyRevalidate: true, MustUnderstand: true });
        Assert.True(directives is { MaxAge: 1, SMaxAge: 2, StaleWhileRevalidate: 3, StaleIfError: 4, Targeted: false });
    }

    [Theory]
    [InlineData("max-age=3600", 3600)]
    [InlineData("max-age=003600", 3600)]
    [InlineData("max-age=\"3600\"", 3600)]
    [InlineData("foobar, max-age=3600", 3600)]
    [InlineData("max-age=2147483647", 2_147_483_647)]
    [InlineData("max-age=2147483648", 2_147_483_648)]
    [InlineData("max-age=2147483649", 2_147_483_648)]
    [InlineData("max-age=99999999999", 2_147_483_648)]
    [InlineData("max-age=99999999999999999999999999999999999", 2_147_483_648)]
    [InlineData("max-age=1, max-age=1800", 1)]
    [InlineData("max-age=1800, max-age=1", 1800)]
    [InlineData("extension=\"max-age=3600\", max-age=1", 1)]
    [InlineData("max-age=1, extension=\"max-age=3600\"", 1)]
    [InlineData("extension=\"max-age=3600\", max-age=\"1\"", 1)]
    [InlineData("max-age=\"1\", extension=\"a \\\", max-age=3600\"", 1)]
    [InlineData("public max-age=5", 5)]
    public void A_lifetime_is_read_from_its_own_argument(string value, long seconds) =>
        Assert.Equal(seconds, ResponseDirectives.Parse(value).MaxAge);

    [Theory]
    [InlineData("max-age")]
    [InlineData("max-age=")]
    [InlineData("max-age=-3600")]
    [InlineData("max-age='3600'")]
    [InlineData("max-age=3600.0")]
    [InlineData("max-age=3600.5")]
    [InlineData("max-age=a3600")]
    [InlineData("max-age=3600a")]
    [InlineData("max-age =3600")]
    [InlineData("max-age= 3600")]
    [InlineData("max-age=\"3600")]
    [InlineData("max-age=\"3600\"x")]
    public void A_lifetime_that_cannot_be_read_is_zero(string value) =>
        Assert.Equal(0, ResponseDirectives.Parse(value).MaxAge);

    [Fact]
    public void The_first_line_counts_where_lines_repeat_a_directive() =>
        Assert.Equal(3600, ResponseDirectives.Parse(new StringValues(["max-age=3600", "max-age=1800"])).MaxAge);

    [Theory]
    [InlineData("no-store=1")]
    [InlineData("max-age=x, no-store")]
    [InlineData("foo=\"never closed, no-store")]
    [InlineData("no-cache no-store")]
    [InlineData("max-age=5;x, public; no-store")]
    [InlineData("=, no-store")]
    [InlineData("\tno-store\t,")]
    public void A_restriction_beside_a_typing_error_still_counts(string value) =>
        Assert.True(ResponseDirectives.Parse(value).NoStore);

    [Fact]
    public void Field_names_make_no_cache_and_private_partial()
    {
        var directives = ResponseDirectives.Parse("no-cache=\"a, B\", private=c, no-cache=\"d\"");
        Assert.True(directives is { NoCache: false, Private: false, NoCacheFields: "a, B,d", PrivateFields: "c" });
    }

    [Theory]
    [InlineData("no-cache, no-cache=\"a\", private, private=\"b\"")]
    [InlineData("no-cache=\"a\", no-cache, private=\"b\", private")]
    [InlineData("no-cache=\"\", private=\"\"")]
    [InlineData("no-cache=\"a, private=\"b")]
    public void Without_field_names_or_with_unreadable_ones_they_are_whole(string value) =>
        Assert.True(ResponseDirectives.Parse(value) is { NoCache: true, Private: true });

    [Theory]
    [InlineData("max-age=60")]
    [InlineData("max-age=60, foo;bar=1, baz=(a \"b\" 3);c, d=:YWJj:, e=?0, f=1.5")]
    [InlineData("max-age=1, max-age=60")]
    [InlineData("  max-age=60;x=y  ")]
    public void CDN_cache_control_replaces_cache_control(string value)
    {
        var directives = ResponseDirectives.Of(Headers.Response("Cache-Control: no-store, max-age=1", $"CDN-Cache-Control: {value}"));
        Assert.True(directives is { Targeted: true, NoStore: false, MaxAge: 60 });
    }

    [Theory]
    [InlineData("")]
    [InlineData("max-age=10000, &&&&&")]
    [InlineData("max-age=\"10000\"")]
    [InlineData("max-age")]
    [InlineData("MaX-aGe=3600")]
    [InlineData("max-age =100")]
    [InlineData("max-age= 100")]
    [InlineData("max-age=100,")]
    [InlineData("max-age=1.5")]
    [InlineData("max-age=1000000000000000")]
    [InlineData("a=\"open")]
    [InlineData("a=(b")]
    [InlineData("a=(b\"c\")")]
    [InlineData("a=?2")]
    [InlineData("a=:no base64!:")]
    public void CDN_cache_control_that_is_empty_or_no_dictionary_is_as_if_absent(string value)
    {
        var directives = ResponseDirectives.Of(Headers.Response("Cache-Control: no-store", $"CDN-Cache-Control: {value}"));
        Assert.True(directives is { Targeted: false, NoStore: true, MaxAge: null });
    }

    [Fact]
    public void Every_directive_is_known_in_CDN_cache_control()
    {
        Assert.True(ResponseDirectives.TryParseTargeted(
            new StringValues(["no-store, no-cache, private, public, must-revalidate", "proxy-revalidate, must-understand, s-maxage=99999999999, stale-while-revalidate=3, stale-if-error=-4"]),
            out var directives));
        Assert.True(directives is { NoStore: true, NoCache: true, Private: true, Public: true, MustRevalidate: true, ProxyRevalidate: true });
        Assert.True(directives is { MustUnderstand: true, SMaxAge: DeltaSeconds.Greatest, StaleWhileRevalidate: 3, StaleIfError: 0 });
    }

    [Fact]
    public void A_false_directive_is_absent_and_field_names_may_be_a_string()
    {
        Assert.True(ResponseDirectives.TryParseTargeted("no-store=?0, private=?0, no-cache=\"a, b\", public=?0", out var directives));
        Assert.True(directives is { NoStore: false, Private: false, NoCache: false, NoCacheFields: "a, b", Public: false });
    }

    [Fact]
    public void A_restriction_of_an_unexpected_type_counts_whole()
    {
        Assert.True(ResponseDirectives.TryParseTargeted("no-store=5, private=(a b), no-cache=1.5", out var directives));
        Assert.True(directives is { NoStore: true, Private: true, NoCache: true });
    }

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll(
        Texts.Near("no-cache=\"a, b\", max-age=60;p=?1, x=(a \"b\\\\\" 1.5), y=:YWJj:"),
        text => ResponseDirectives.Parse(text) is var _ && (ResponseDirectives.TryParseTargeted(text, out _) || true)).QuickCheckThrowOnFailure();

    [Fact]
    public void No_store_at_the_end_of_a_line_is_never_overlooked() => Prop.ForAll(
        Texts.Awkward.ToArbitrary(),
        text => text.Contains('"') || ResponseDirectives.Parse(text + ",no-store").NoStore).QuickCheckThrowOnFailure();
}
