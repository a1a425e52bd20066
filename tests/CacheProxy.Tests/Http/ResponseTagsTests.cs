using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

public sealed class ResponseTagsTests
{
    [Theory]
    [InlineData("Surrogate-Key", "one  two\tthree,four", "one", "two", "three,four")]
    [InlineData("Cache-Tag", "one two , three,,", "one two", "three")]
    [InlineData("Cache-Groups", "\"one\", \"two, three\";a=b", "one", "two, three")]
    [InlineData("Cache-Groups", "\"a\\\\b\\\"c\"", "a\\b\"c")]
    public void Each_header_has_its_form(string name, string value, params string[] tags) => Assert.Equal(tags, Read(name, value));

    [Fact]
    public void Several_lines_are_one_list() => Assert.Equal(["one", "two"], Read("Cache-Groups", new StringValues(["\"one\"", "\"two\""])));

    [Theory]
    [InlineData("one")]
    [InlineData("\"one\",")]
    [InlineData("\"one\" \"two\"")]
    [InlineData("\"one")]
    [InlineData("(\"one\")")]
    [InlineData("1")]
    [InlineData("\"é\"")]
    public void Of_groups_nothing_but_a_list_of_strings_can_be_read(string value) => Assert.Null(Read("Cache-Groups", value));

    [Fact]
    public void Groups_that_were_written_as_a_list_of_strings_are_read_back()
    {
        var strings = Gen.Elements<char>([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(static code => (char)code)]).ArrayOf().Select(static c => new string(c));
        Prop.ForAll(strings.ArrayOf().ToArbitrary(), static groups => Assert.Equal(
            groups,
            Read("Cache-Groups", string.Join(", ", groups.Select(static group => $"\"{group.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"")))))
            .QuickCheckThrowOnFailure();
    }

    private static List<string>? Read(string name, StringValues lines)
    {
        var tags = new List<string>();
        return ResponseTags.TryAdd(name, lines, tags) ? tags : null;
    }
}
