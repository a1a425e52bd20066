using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Tests.Http;
using Xunit;

namespace CacheProxy.Tests.Identity;

/// <summary>RFC 9111 §4.1: which requests select the same stored response under Vary.</summary>
public sealed class VaryHeaderVariantTests
{
    // More than are remembered, so that they take turns.
    [Fact]
    public void A_variant_is_the_same_whether_it_was_remembered_or_not()
    {
        var lines = Enumerable.Range(0, 3_000).Select(static number => $"Accept-Language: x-{number}").ToArray();
        var first = lines.Select(static line => Variant(line)).ToArray();

        Assert.Equal(lines.Length, first.Distinct().Count());
        Assert.All(lines.Zip(first), static pair =>
        {
            Assert.Equal(pair.Second, Variant(pair.First));
            Assert.Equal(pair.Second, Variant(pair.First));
        });
        Assert.Equal(Variant("Accept-Language: x-1|Cookie: a"), Variant("Cookie: a|Accept-Language: x-1"));
    }

    [Theory]
    [InlineData("Foo: 1, 2", "Foo: 1,2")]
    [InlineData("Foo: 1, 2", "Foo: 1|Foo: 2")]
    [InlineData("Accept-Language: en, de", "Accept-Language:  en ,   de")]
    [InlineData("Accept-Language: en, de", "Accept-Language: eN, De")]
    [InlineData("Accept-Encoding: gzip", "accept-encoding: GZIP")]
    public void Values_that_mean_the_same_are_one_variant(string left, string right) => Assert.Equal(Variant(left), Variant(right));

    [Theory]
    [InlineData("Foo: 1, 2", "Foo: 2, 1")]
    [InlineData("Foo: a", "Foo: A")]
    [InlineData("Foo: \"1,2\"", "Foo: \"1, 2\"")]
    [InlineData("Foo:", "Bar: 1")]
    [InlineData("Foo: 1", "Accept-Language: 1")]
    // Some APIs take the order of languages for one of preference.
    [InlineData("Accept-Language: en, de", "Accept-Language: de, en")]
    [InlineData("Cookie: a=1,b=2", "Cookie: a=1, b=2")]
    [InlineData("Cookie: a|Cookie: b", "Cookie: a, b")]
    public void Values_that_may_mean_something_else_are_two(string left, string right) => Assert.NotEqual(Variant(left), Variant(right));

    [Theory]
    [InlineData("F.oo: 1", "F_oo: 1")]
    [InlineData("F_oo: 1", "F_oo: 2")]
    [InlineData("F-oo: 1", "F_oo: 1")]
    [InlineData("F-oo: 1", "F-oo: 1|F_oo: 1")]
    [InlineData("Bar: 1", "F_oo: 1")]
    public void A_name_that_an_API_may_take_for_one_of_them_counts_as_it_stands(string left, string right)
    {
        Assert.NotEqual(Variant(left, "f-oo"), Variant(right, "f-oo"));
        Assert.NotEqual(Variant(left, "f_oo"), Variant(right, "f_oo"));
        Assert.Equal(VariantKey.Plain, Variant(left, "foo"));
    }

    [Theory]
    [InlineData("Accept: */*")]
    [InlineData("accept:  */* ")]
    [InlineData("Accept-Language: *")]
    public void A_header_that_means_anything_is_as_good_as_none(string line)
    {
        Assert.Equal(VariantKey.Plain, Variant(line, "", "accept", "accept-language"));
        Assert.Equal(VariantKey.Plain, Variant(line, "accept,accept-language"));
        Assert.NotEqual(VariantKey.Plain, Variant(line + ";q=0.1", "accept,accept-language"));
    }

    [Theory]
    [InlineData("", "a", "b", "c")]
    [InlineData("b", "a", "c")]
    [InlineData("a,b", "b", "c")]
    [InlineData("a,c", "b")]
    [InlineData("a,b,c")]
    public void A_header_counts_alike_whether_the_response_or_the_policy_names_it(string vary, params string[] varyBy)
    {
        const string Lines = "C: 3|A: 1|B: 2|D: 4";

        Assert.Equal(Variant(Lines, "a,b,c"), Variant(Lines, vary, varyBy));
        Assert.NotEqual(Variant(Lines, "a,b,c,d"), Variant(Lines, vary, varyBy));
    }

    [Fact]
    public void A_header_that_vary_does_not_name_makes_no_variant() => Assert.Equal(VariantKey.Plain, Variant("Baz: 1"));

    private static VariantKey Variant(string lines, string vary = "accept-encoding,accept-language,cookie,foo", params string[] varyBy)
    {
        var headers = Headers.Live(lines.Split('|'));
        return VariantDigest.Compute(new VariantSource(headers, "", null, null, Folded: FoldedHeaders.Of(headers), VaryBy: [.. varyBy]), vary);
    }
}
