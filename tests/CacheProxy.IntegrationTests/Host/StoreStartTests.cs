using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

public sealed class StoreStartTests
{
    /// <summary>A write that came in before would go through without its fence, while other replicas serve what it replaces.</summary>
    [Fact]
    public async Task The_listeners_open_when_Redis_has_been_reached()
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, redis: server.ConnectionString);

        await Eventually.TrueAsync(() => Positions(proxy, "listens on").Length == 1);
        Assert.True(Assert.Single(Positions(proxy, "Redis is available")) < Positions(proxy, "listens on")[0]);
        Assert.Empty(Positions(proxy, "Redis is unavailable"));
    }

    private static int[] Positions(ProxyUnderTest proxy, string text) =>
        [.. proxy.Log.Messages.Index().Where(line => line.Item.Contains(text, StringComparison.Ordinal)).Select(static line => line.Index)];
}
