using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9110 §12.5.5.</summary>
public sealed class VaryNamesTests
{
    private static readonly Arbitrary<string> Lists = Gen.Elements("Accept", "accept", "X-A", "Foo", "cookie", "Origin", "b", "", " ")
        .ArrayOf().Select(names => string.Join(',', names)).ToArbitrary();

    [Theory]
    [InlineData("", "")]
    [InlineData("accept-encoding", "accept-encoding")]
    [InlineData("Accept-Encoding", "accept-encoding")]
    [InlineData("Foo, Bar,baz", "bar,baz,foo")]
    [InlineData("Foo,foo , FOO", "foo")]
    [InlineData(" , Foo,, ", "foo")]
    [InlineData("b|a, C|A", "a,b,c")]
    public void Names_are_lower_case_sorted_and_unique(string lines, string expected)
    {
        Assert.True(VaryNames.TryParse(new StringValues(lines.Split('|')), out var names));
        Assert.Equal(expected, names);
    }

    [Fact]
    public void Without_vary_there_are_no_names()
    {
        Assert.True(VaryNames.TryParse(default, out var names));
        Assert.Equal("", names);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*, *")]
    [InlineData("*|*")]
    [InlineData(", *")]
    [InlineData("|*")]
    [InlineData("*, Foo")]
    [InlineData("Foo, *")]
    [InlineData("foo bar")]
    [InlineData("foo\"")]
    [InlineData("foo:bar")]
    public void A_star_or_what_is_no_name_is_refused(string lines) =>
        Assert.False(VaryNames.TryParse(new StringValues(lines.Split('|')), out _));

    [Theory]
    [InlineData("", "", "")]
    [InlineData("a", "", "a")]
    [InlineData("", "a", "a")]
    [InlineData("a,c", "b", "a,b,c")]
    [InlineData("a,b", "b", "a,b")]
    public void A_union_names_everything_once(string left, string right, string expected) =>
        Assert.Equal(expected, VaryNames.Union(left, right));

    [Fact]
    public void A_union_with_what_is_there_already_is_the_same_string()
    {
        var names = string.Concat("accept,", "foo");
        Assert.Same(names, VaryNames.Union(names, "foo"));
        Assert.Same(names, VaryNames.Union(names, ""));
        Assert.Same(names, VaryNames.Union(names, names));
    }

    [Fact]
    public void Walking_gives_every_name_in_order()
    {
        var seen = new List<string>();
        foreach (var name in VaryNames.Enumerate("accept,foo,x-bar"))
        {
            seen.Add(name);
        }

        Assert.Equal(["accept", "foo", "x-bar"], seen);
        foreach (var name in VaryNames.Enumerate(""))
        {
            Assert.Fail(name);
        }
    }

    [Fact]
    public void Walking_common_names_allocates_nothing()
    {
        // Over many walks, since the runtime allocates a little of its own on some early ones.
        var count = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            count += Count("accept-encoding,accept-language,cookie");
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 99_999);
        Assert.Equal(300_000, count);
    }

    [Fact]
    public void Union_is_idempotent_and_commutative() => Prop.ForAll(Lists, Lists, (first, second) =>
    {
        VaryNames.TryParse(first, out var left);
        VaryNames.TryParse(second, out var right);
        var union = VaryNames.Union(left, right);
        return union == VaryNames.Union(right, left)
            && union == VaryNames.Union(union, left)
            && VaryNames.TryParse(new StringValues([first, second]), out var both) && both == union
            && VaryNames.TryParse(union, out var again) && again == union;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll(
        Texts.Near("Accept, *, Foo"),
        text => VaryNames.TryParse(text, out _) || true).QuickCheckThrowOnFailure();

    private static int Count(string names)
    {
        var count = 0;
        foreach (var _ in VaryNames.Enumerate(names))
        {
            count++;
        }

        return count;
    }
}
