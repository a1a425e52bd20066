using CacheProxy.Identity;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class SafePrefixTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("123", "123")]
    [InlineData("a-b_c.d~", "a-b_c.d~")]
    [InlineData("1%2F2", "1")]
    [InlineData("1%252F2", "1")]
    [InlineData("1;v=2", "1")]
    [InlineData("1 ", "1")]
    [InlineData("\t1", "1")]
    [InlineData("+1", "1")]
    [InlineData("%2B1", "1")]
    [InlineData("%c0%b1", "1")]
    [InlineData("%u0031", "1")]
    [InlineData("\"1\"", "1")]
    [InlineData("(1)", "1")]
    [InlineData("1\\2", "1")]
    [InlineData("%31%32", "12")]
    [InlineData("%", "")]
    [InlineData(";;", "")]
    public void The_first_part_beyond_doubt_is_kept(string? value, string? expected) => Assert.Equal(expected, LenientText.SafePrefix(value));
}
