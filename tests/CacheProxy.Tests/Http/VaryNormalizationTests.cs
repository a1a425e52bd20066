using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §4.1.</summary>
public sealed class VaryNormalizationTests
{
    [Theory]
    [InlineData("Foo", "1,2", " 1, 2 ")]
    [InlineData("Foo", "1, 2", "1|2")]
    [InlineData("Foo", "1, 2, 3", "1 ,2|3")]
    [InlineData("Accept-Language", "en, de", "eN, De")]
    [InlineData("accept-language", "en, de", " en ,   de")]
    [InlineData("Accept-Encoding", "gzip, br", "GZip,br")]
    [InlineData("Accept", "text/html, */*;q=0.5", "text/html,*/*;q=0.5")]
    public void Values_that_mean_the_same_are_one(string name, string left, string right) =>
        Assert.Equal(Normalize(name, left), Normalize(name, right));

    [Theory]
    [InlineData("Foo", "1", "2")]
    [InlineData("Foo", "a", "A")]
    [InlineData("Foo", "1, 2", "2, 1")]
    [InlineData("Foo", "1 2", "1  2")]
    [InlineData("Foo", "\"a,b\"", "\"a, b\"")]
    [InlineData("Foo", "\"a\\\",b\"", "\"a\\\", b\"")]
    [InlineData("Accept-Language", "en, de", "de, en")]
    [InlineData("Accept-Language", "en", "en;q=0.5")]
    [InlineData("Cookie", "a=1,b", "a=1, b")]
    [InlineData("Cookie", "a", "A")]
    [InlineData("Cookie", "a|b", "a, b")]
    [InlineData("User-Agent", "x (a,b)", "x (a, b)")]
    [InlineData("Authorization", "Digest a=1,b=2", "Digest a=1, b=2")]
    public void Values_that_may_mean_something_else_stay_two(string name, string left, string right) =>
        Assert.NotEqual(Normalize(name, left), Normalize(name, right));

    [Theory]
    [InlineData("Accept-Encoding", "gzip, deflate, br, zstd")]
    [InlineData("Foo", "bar")]
    [InlineData("User-Agent", "Mozilla/5.0 (X11,Linux)")]
    public void What_is_normal_already_is_the_same_string_and_costs_nothing(string name, string value)
    {
        var values = new StringValues(value);
        Assert.Same(value, VaryNormalization.Normalize(name, values));
        // Over many calls, since the runtime allocates a little of its own on some early ones.
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            VaryNormalization.Normalize(name, values);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 99_999);
    }

    [Theory]
    [InlineData("Accept")]
    [InlineData("Accept-Language")]
    [InlineData("Cookie")]
    public void It_is_the_same_where_there_is_room_for_it(string name) => Prop.ForAll(
        Texts.Near("De, en;q=0.9 ,\tfr,\u00c9, \"x,y\""),
        text => VaryNormalization.Normalize(name, text, new char[40]).ToString() == VaryNormalization.Normalize(name, text)).QuickCheckThrowOnFailure();

    [Fact]
    public void An_absent_field_is_an_empty_text() => Assert.Equal("", VaryNormalization.Normalize("Foo", default));

    [Fact]
    public void A_normal_form_is_its_own_normal_form() => Prop.ForAll(
        Texts.Near("en, de;q=0.5 , \"a, b\""),
        text => Normalize("Foo", text) is var once && VaryNormalization.Normalize("Foo", once) == once).QuickCheckThrowOnFailure();

    [Fact]
    public void Only_white_space_ever_changes_in_an_unknown_field() => Prop.ForAll(
        Texts.Near("en, de;q=0.5 , \"a, b\""),
        text => Bare(VaryNormalization.Normalize("Foo", text)) == Bare(text)).QuickCheckThrowOnFailure();

    private static string Bare(string text) => text.Replace(" ", "", StringComparison.Ordinal).Replace("\t", "", StringComparison.Ordinal);

    private static string Normalize(string name, string lines) => VaryNormalization.Normalize(name, new StringValues(lines.Split('|')));
}
