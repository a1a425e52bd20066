using CacheProxy.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class KeyOverlapTests
{
    [Theory]
    [InlineData("{tenant}:customer:{id}", "{tenant}:customer:{number}")]
    [InlineData("{tenant}:customer:{id}", "{tenant}:{kind}:{id}")]
    [InlineData("{tenant}:customer:{id}", "{a}:{b}:{c}")]
    [InlineData("{tenant}:customer:{id}", "{tenant}:customer:list.{page}")]
    [InlineData("{host}{path}", "{tenant}{path}")]
    [InlineData("{path}", "{path}")]
    [InlineData("{path}", "/api/{id}")]
    public void Templates_that_could_make_one_key_overlap(string left, string right)
    {
        Assert.True(KeyOverlap.Exists(left, right));
        Assert.True(KeyOverlap.Exists(right, left));
    }

    [Theory]
    [InlineData("{tenant}:customer:{id}", "{tenant}:pet:{id}")]
    [InlineData("{tenant}:customer:{id}", "{tenant}:customers:{id}")]
    [InlineData("{tenant}:customer:{id}", "{tenant}:customer:{id}:pets")]
    [InlineData("{tenant}:customer:{id}", "customer:{id}")]
    [InlineData("{tenant}:customer:{id}", "{host}{path}")]
    [InlineData("{host}{path}", "{path}")]
    public void Templates_that_never_could_do_not(string left, string right)
    {
        Assert.False(KeyOverlap.Exists(left, right));
        Assert.False(KeyOverlap.Exists(right, left));
    }
}
