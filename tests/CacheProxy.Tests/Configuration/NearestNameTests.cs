using CacheProxy.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class NearestNameTests
{
    private static readonly string[] Known = ["Ttl", "TtlJitter", "MaxBodyBytes", "StaleIfError", "WriteDeadline"];

    [Theory]
    [InlineData("ttll", "Ttl")]
    [InlineData("Tll", "Ttl")]
    [InlineData("MaxBodySize", "MaxBodyBytes")]
    [InlineData("StaleIfErrors", "StaleIfError")]
    [InlineData("WriteDedline", "WriteDeadline")]
    public void A_misspelt_name_finds_the_one_that_was_meant(string name, string meant) =>
        Assert.Equal(meant, NearestName.Of(name, Known));

    [Fact]
    public void A_name_far_from_all_finds_none() => Assert.Null(NearestName.Of("Compression", Known));

    [Fact]
    public void Nothing_known_finds_none() => Assert.Null(NearestName.Of("Ttl", []));
}
