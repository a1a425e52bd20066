using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class VaryHintsTests
{
    [Fact]
    public void What_was_set_last_is_the_hint()
    {
        var hints = new VaryHints();
        var key = new ResourceKey("demo:customer:1");
        Assert.Equal("", hints.Get(key));

        hints.Set(key, "accept");
        hints.Set(key, "accept,origin");

        Assert.Equal("accept,origin", hints.Get(key));
    }
}
