using CacheProxy.Configuration.Policies;
using Xunit;

namespace CacheProxy.Tests.Configuration.Policies;

public sealed class RouteMetadataTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData(" , ,", "")]
    [InlineData("customer", "customer")]
    [InlineData(" customer ,pet,, visit ", "customer|pet|visit")]
    public void Evicts_is_a_list_with_commas(string value, string expected) =>
        Assert.Equal(expected, string.Join('|', RouteMetadata.SplitEvicts(value)));
}
