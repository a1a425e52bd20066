using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class LenientTextTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("%41%7e", "A~")]
    [InlineData("%2541", "A")]
    [InlineData("%252541", "A")]
    [InlineData("a%", "a%")]
    [InlineData("a%4", "a%4")]
    [InlineData("a%zz%41", "a%zzA")]
    [InlineData("%c3%a9", "\u00e9")]
    [InlineData("%e9", "\u00e9")]
    [InlineData("%c0%af", "/")]
    [InlineData("%c0%b1", "1")]
    [InlineData("%e0%80%af", "/")]
    [InlineData("%f0%80%80%af", "/")]
    [InlineData("%f0%9f%98%80", "\ud83d\ude00")]
    [InlineData("%ed%a0%80", "\ufffd")]
    [InlineData("%u0031%U002f", "1/")]
    [InlineData("%u00", "%u00")]
    public void Text_is_decoded_as_the_most_lenient_API_does(string text, string expected) => Assert.Equal(expected, LenientText.Decode(text));

    [Theory]
    [InlineData("a/1", "a/1")]
    [InlineData("\uff11\uff12", "12")]
    [InlineData("\uff0f\uff41\uff5e", "/a~")]
    [InlineData("\u0661\u0967", "11")]
    [InlineData("\u00e9", "\u00e9")]
    public void Other_forms_of_ASCII_characters_are_folded(string text, string expected) => Assert.Equal(expected, LenientText.Fold(text));

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll(
        Gen.Elements("%", "4", "1", "c", "e", "f", "F", "u", "0", "8", "/", "\ud800", "\uff11").ArrayOf().Select(string.Concat).ToArbitrary(),
        static text => LenientText.Fold(LenientText.Decode(text)).Length <= text.Length).QuickCheckThrowOnFailure();
}
