using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class RedisStoreTroubleTests
{
    [Fact]
    public async Task A_probe_that_is_refused_does_not_bring_back_what_was_stored_before()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await FillAsync(store);
        await server.SendAsync("REPLICAOF", "127.0.0.1", "1");
        await store.BeginWriteAsync(Key, "w", Long, new(Long));
        Assert.False(store.IsAvailable);

        // Promoted, it has a new replication id; but of a probe, it refuses the question after that one.
        await server.SendAsync("ACL", "SETUSER", "default", "-time");
        await server.SendAsync("REPLICAOF", "NO", "ONE");
        await Eventually.TrueAsync(async () => await server.RefusalsAsync("time") >= 2);
        Assert.Equal(LookUpOutcome.Unavailable, (await LookUpAsync(store)).Outcome);

        await server.SendAsync("ACL", "SETUSER", "default", "+time");
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(store)).Outcome);
    }

    [Fact]
    public async Task A_log_that_fails_does_not_end_the_watch_over_Redis()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await RedisStores.OpenAsync(server, logger: new FailingLog("Redis is available"), protocol: protocol);
        await AssertWorksAsync(store);
        await server.KillAsync();
        await Eventually.TrueAsync(() => !store.IsAvailable, "The breaker did not open.");

        await server.RestartAsync();

        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        await AssertWorksAsync(store);
    }
}
