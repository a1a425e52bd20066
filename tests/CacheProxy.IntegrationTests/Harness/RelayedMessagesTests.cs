using Xunit;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>The way that loses messages loses messages, and nothing else.</summary>
public sealed class RelayedMessagesTests
{
    [Fact]
    public async Task Messages_are_lost_and_late_and_replies_pass()
    {
        var fates = new Queue<int>([RelayedMessages.IsLost, 1, RelayedMessages.IsTheLast]);
        await using var server = await RedisServer.StartAsync();
        await using var way = TcpRelay.To(server.Port, fates.Dequeue);
        using var client = await RespConnection.OpenAsync(way.Port, TestContext.Current.CancellationToken);
        await client.SendAsync(TestContext.Current.CancellationToken, "SET", "a", new string('x', 100_000));
        Assert.Equal(100_000, ((string)(await client.SendAsync(TestContext.Current.CancellationToken, "GET", "a"))!).Length);
        await client.SendAsync(TestContext.Current.CancellationToken, "SUBSCRIBE", "channel");

        await server.SendAsync("PUBLISH", "channel", "lost");
        await server.SendAsync("PUBLISH", "channel", "late");

        Assert.Equal(["message", "channel", "late"], (object?[]?)await client.ReadAsync(TestContext.Current.CancellationToken));
        await server.SendAsync("PUBLISH", "channel", "last");
        await Assert.ThrowsAnyAsync<IOException>(() => client.ReadAsync(TestContext.Current.CancellationToken));
    }
}
