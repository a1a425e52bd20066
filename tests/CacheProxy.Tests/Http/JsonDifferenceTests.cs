using System.Globalization;
using System.Text.Json;
using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

public sealed class JsonDifferenceTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[1,{"c":null}]}""", """{ "b": [ 1.0, { "c": null } ], "a": 1 }""")]
    [InlineData("""["A"]""", """["A"]""")]
    [InlineData("""{"a":{"x":1,"y":2,"z":3}}""", """{"a":{"z":3,"x":1,"y":2}}""")]
    public void What_says_the_same_does_not_differ(string left, string right) => Assert.Null(Find(left, right));

    [Theory]
    [InlineData("1", "2", "")]
    [InlineData("""{"a":1}""", "[]", "")]
    [InlineData("""{"a":{"name":"x","b":1}}""", """{"a":{"name":"y","b":2}}""", "/a/name")]
    [InlineData("""{"a":1,"b":2}""", """{"b":3,"a":1}""", "/b")]
    [InlineData("""{"a":1}""", """{"a":1,"more":2}""", "/more")]
    [InlineData("""{"a":1,"gone":2}""", """{"a":1}""", "/gone")]
    [InlineData("""{"pets":[{"id":1},{"id":2}]}""", """{"pets":[{"id":1},{"id":3}]}""", "/pets/*/id")]
    [InlineData("""{"pets":[1]}""", """{"pets":[1,2]}""", "/pets/*")]
    [InlineData("""{"a":1}""", """{"a":"1"}""", "/a")]
    public void It_says_where_the_first_difference_is(string left, string right, string place)
    {
        Assert.Equal(place, Find(left, right));
        Assert.NotNull(Find(right, left));
    }

    [Theory]
    [InlineData("""{"anna@example.com":1}""", """{"anna@example.com":2}""")]
    [InlineData("""{"4711":1}""", """{"4711":2}""")]
    [InlineData("""{"c56a4180-65aa-42ec-a945-5fd21dec0538":1}""", """{}""")]
    [InlineData("""{"Anna Schmidt":1}""", """{"Anna Schmidt":2}""")]
    public void A_name_that_is_rather_data_is_not_told(string left, string right) => Assert.Equal("/*", Find(left, right));

    [Theory]
    [InlineData("""{"now":1,"a":1}""", """{"now":2,"a":1}""", "/now")]
    [InlineData("""{"a":1}""", """{"a":1,"now":2}""", "/now")]
    [InlineData("""{"pets":[{"seen":1}]}""", """{"pets":[{"seen":2}]}""", "/pets/*/seen")]
    [InlineData("""{"pets":[{"seen":1}]}""", """{"pets":[{"seen":2}]}""", "/pets/0/seen")]
    [InlineData("""{"pets":[1]}""", """{"pets":[1,2]}""", "/pets/*")]
    [InlineData("""{"meta":{"a":1}}""", """{"meta":[]}""", "/meta")]
    public void What_is_to_be_ignored_is_no_difference(string left, string right, string ignored)
    {
        Assert.Null(Find(left, right, ignored));
        Assert.Null(Find(right, left, ignored));
        Assert.NotNull(Find(left, right, "/other"));
    }

    [Fact]
    public void Behind_what_is_ignored_a_difference_is_still_found() =>
        Assert.Equal("/b", Find("""{"now":1,"b":1,"x":{"y":1}}""", """{"now":2,"b":2,"x":{"y":2}}""", "/now", "/x/y"));

    [Fact]
    public void In_any_order_one_changed_member_is_found_and_only_that() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<int[]>().Where(static values => values.Length > 0).Zip(ArbMap.Default.GeneratorFor<NonNegativeInt>()).ToArbitrary(),
        static pair =>
        {
            var (values, at) = (pair.Item1, pair.Item2.Get % pair.Item1.Length);
            var members = values.Select(static (value, i) => $"\"{Name(i)}\":[{value}]").ToArray();
            var changed = members.ToArray();
            changed[at] = $"\"{Name(at)}\":[null]";
            var (old, same, now) = (Document(members), Document([.. members.Reverse()]), Document([.. changed.Skip(at), .. changed.Take(at)]));

            return Find(old, same) is null && Find(old, now) == $"/{Name(at)}/*" && Find(old, now, $"/{Name(at)}") is null;
        }).QuickCheckThrowOnFailure();

    private static string Name(int i) => "m" + string.Concat(i.ToString(CultureInfo.InvariantCulture).Select(static digit => (char)('a' + digit - '0')));

    private static string Document(string[] members) => $"{{{string.Join(',', members)}}}";

    private static string? Find(string left, string right, params string[] ignored)
    {
        using var one = JsonDocument.Parse(left);
        using var other = JsonDocument.Parse(right);
        var pointers = ignored.Select(static text => JsonPointer.TryParse(text, out var pointer) ? pointer : throw new ArgumentException(text));
        return JsonDifference.Find(one.RootElement, other.RootElement, [.. pointers]);
    }
}
