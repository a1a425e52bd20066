using CacheProxy.Store.Redis.Topologies;
using Xunit;

namespace CacheProxy.Tests.Store.Redis.Topologies;

public sealed class RedisPrimaryTests
{
    [Fact]
    public void In_doubt_nothing_is_trusted_not_even_what_was_filled_in_doubt()
    {
        var primary = new SinglePrimary(database: null!, bodies: null!, server: null!, "0123456789abcdef");
        Assert.Equal("0123456789abcdef", primary.ReplicationIdOf("demo:customer:1"));

        primary.Doubt(endPoint: null);

        Assert.True(primary.ReplicationIdOf("demo:customer:1") is null);
    }
}
