using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>A Redis that lets replicas tell each other nothing, or not always.</summary>
public sealed class RedisChannelTests
{
    private const string Denied = "Redis does not let replicas tell each other of what they hold";
    private const string Back = "Replicas tell each other again of what they hold";
    private const string Silent = "What this replica publishes in Redis does not come back to it";

    [Theory]
    [InlineData(RespProtocols.Resp2)]
    [InlineData(RespProtocols.Resp3)]
    public async Task A_channel_that_is_taken_away_closes_and_opens_again_when_it_is_back(string protocol)
    {
        await using var server = await RedisServer.StartAsync();
        await server.SendAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "allchannels");
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},user=app,password=secret{protocol}", log);
        var heard = new RecordedMessages(store);
        await Eventually.TrueAsync(() => store.Channel!.IsOpen, "It was not opened.");

        await server.SendAsync("ACL", "SETUSER", "app", "resetchannels");
        await Eventually.TrueAsync(() => heard.Heard.Contains("closed"), "It was not closed.");
        await Eventually.TrueAsync(() => !store.Channel!.IsOpen, "It is open.");
        await Eventually.TrueAsync(() => store.IsAvailable, "It is of no use without the channel.");
        await Eventually.TrueAsync(() => Reports(log) > 0, "It was not reported.");

        await server.SendAsync("ACL", "SETUSER", "app", "allchannels");
        await Eventually.TrueAsync(() => store.Channel!.IsOpen, "It was not opened again.");
        await Eventually.TrueAsync(() => log.Events[^1] == Back, "It was not reported.");
    }

    [Fact]
    public async Task A_connection_for_messages_that_breaks_is_no_failure_of_Redis()
    {
        await using var server = await RedisServer.StartAsync();
        var log = new StateLog();
        await using var store = Open(server.ConnectionString + RespProtocols.Resp2, log);
        var heard = new RecordedMessages(store);
        await Eventually.TrueAsync(() => store.Channel!.IsOpen, "It was not opened.");
        var channel = "cacheproxy:replica:" + store.Channel!.Replica;

        await server.SendAsync("CLIENT", "KILL", "TYPE", "pubsub");
        await Eventually.TrueAsync(
            async () => await server.NumberAsync("PUBLISH", "prod:" + channel, "i 0123456789abcdef demo:customer:1") == 1, "It did not subscribe again.");

        await Eventually.TrueAsync(() => heard.Heard.Contains("demo:customer:1 is written by 0123456789abcdef"), "It was not heard.");
        // A slow machine may take longer over it than a channel stays open without its pings.
        Assert.Equal(["Redis is available"], log.Events.Where(static line => line != Back && !line.StartsWith(Silent, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_documented_rights_for_copies_are_enough()
    {
        await using var server = await RedisServer.StartAsync();
        await server.SendAsync([.. (string[])["ACL", "SETUSER", "app", "on", ">secret"], .. RedisRefusalTests.Rights(), .. RedisRefusalTests.CopyRights()]);
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},user=app,password=secret", log);
        var heard = new RecordedMessages(store, acknowledges: 3);
        await Eventually.TrueAsync(() => store.Channel!.IsOpen, "It was not opened.");

        store.Channel!.Invalidate(new ResourceKey("prod:demo:customer:1"), store.Channel.Replica);

        await Eventually.TrueAsync(() => heard.Heard.Any(static line => line.Contains("from 3 on", StringComparison.Ordinal)), "The messages were not heard.");
        // A slow machine may take longer over it than a channel stays open without its pings.
        Assert.Equal(["Redis is available"], log.Events.Where(static line => line != Back && !line.StartsWith(Silent, StringComparison.Ordinal)));
    }

    public static TheoryData<string> EachCopyRight() => [.. RedisRefusalTests.CopyRights().Where(static right => right != "+unsubscribe")];

    [Theory]
    [MemberData(nameof(EachCopyRight))]
    public async Task Without_a_right_that_copies_need_everything_else_works_and_it_is_said_once(string denied)
    {
        await using var server = await RedisServer.StartAsync();
        await server.SendAsync(
            [.. (string[])["ACL", "SETUSER", "app", "on", ">secret"], .. RedisRefusalTests.Rights(), .. RedisRefusalTests.CopyRights().Where(right => right != denied)]);
        var log = new StateLog();
        await using var store = Open($"127.0.0.1:{server.Port},user=app,password=secret", log);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");

        Assert.False(store.Channel!.IsOpen);
        await Eventually.TrueAsync(() => Reports(log) == 1, "It was not reported.");
        Assert.StartsWith(Denied, log.Events[^1], StringComparison.Ordinal);
        await RedisRefusalTests.RunEveryStepAsync(store);
        Assert.False(store.Channel.IsOpen);
        Assert.Equal(2, log.Events.Length);
    }

    [Fact]
    public async Task A_Redis_that_may_drop_what_is_held_is_warned_of_once()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        var log = new StateLog();
        await using var store = Open(server.ConnectionString, log);
        await Eventually.TrueAsync(() => store.Channel!.IsOpen, "It was not opened.");

        await Eventually.TrueAsync(
            () => log.Events.Count(static line => line.StartsWith("Redis drops keys when its memory is full", StringComparison.Ordinal)) == 1, "It was not warned of.");
    }

    private static int Reports(StateLog log) => log.Events.Count(static line =>
        line.StartsWith(Denied, StringComparison.Ordinal) || line.StartsWith(Silent, StringComparison.Ordinal));

    private static RedisStore Open(string connectionString, StateLog log) =>
        new(new RedisOptions { ConnectionString = connectionString, KeyPrefix = "prod:", Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System, log);
}
