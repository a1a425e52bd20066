using System.Text;
using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

public sealed class OverrideInContentTests
{
    private const string Json = "application/json";
    private const string Form = "application/x-www-form-urlencoded";

    [Theory]
    [InlineData(Json, """{"name":"Ann","method":"POST","__m":"ethod"}""")]
    [InlineData("application/graphql+json; charset=UTF-8", """{"query":"{ customer(id: 1) { name } }"}""")]
    [InlineData(Json, """{"name":"J\u00fcrgen \u003c\u0026\u0027","rate":"100%"}""")]
    [InlineData(Form, "name=J%C3%BCrgen+M%26M&method=put&x=%zz%")]
    [InlineData(Json, "")]
    public void A_search_names_no_method(string type, string content) =>
        Assert.False(OverrideInContent.IsPossible(type, "", Encoding.UTF8.GetBytes(content)));

    [Theory]
    [InlineData(Form, "_method=DELETE")]
    [InlineData(Form, "a=_b&_MeThOd=put")]
    [InlineData(Form, "%5Fmethod=put")]
    [InlineData(Form, "_%6dethod=put")]
    [InlineData(Form, "_%4Dethod=put")]
    [InlineData(Json, """{"_method":"DELETE"}""")]
    [InlineData(Json, """{"\u005fmethod":"DELETE"}""")]
    [InlineData(Json, """{"_m\u0065thod":"DELETE"}""")]
    [InlineData(Json, "{\0\"\0_\0")]
    [InlineData("application/json; charset=utf-16", "{}")]
    [InlineData("multipart/form-data; boundary=x", "--x--")]
    [InlineData(null, "{}")]
    public void What_names_one_or_cannot_be_read_may(string? type, string content) =>
        Assert.True(OverrideInContent.IsPossible(type, "", Encoding.UTF8.GetBytes(content)));

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("identity", false)]
    [InlineData("", false)]
    public void Compressed_content_may(string encoding, bool may) => Assert.Equal(may, OverrideInContent.IsPossible(Json, encoding, "{}"u8));

    [Fact]
    public void However_a_letter_of_it_is_escaped_it_is_found() => Prop.ForAll(
        Gen.Elements("", "a=1&", "{\"").Zip(Gen.Choose(0, 6)).Zip(Gen.Elements("%", @"\u00")).ToArbitrary(),
        static drawn =>
        {
            var ((before, escaped), mark) = drawn;
            var name = "_method";
            var text = $"{before}{name[..escaped]}{mark}{(int)name[escaped]:x2}{name[(escaped + 1)..]}=DELETE";
            return OverrideInContent.IsPossible(Form, "", Encoding.ASCII.GetBytes(text));
        }).QuickCheckThrowOnFailure();
}
