using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class RedisStoreTroubleTests
{
    [Fact]
    public async Task Scripts_that_were_flushed_come_back_by_themselves()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await AssertWorksAsync(store);
        await server.SendAsync("SCRIPT", "FLUSH");

        await AssertWorksAsync(store);
    }

    [Fact]
    public async Task Scripts_are_there_before_the_first_step()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await AssertWorksAsync(store);

        Assert.DoesNotContain("cmdstat_eval:", await server.TextAsync("INFO", "commandstats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_are_there_before_the_first_step_on_a_connection_that_came_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await server.KillAsync();
        await Eventually.TrueAsync(() => !store.IsAvailable, "The breaker did not open.");
        await server.RestartAsync();
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        await AssertWorksAsync(store);

        Assert.DoesNotContain("cmdstat_eval:", await server.TextAsync("INFO", "commandstats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_that_Redis_does_not_ask_for_is_no_obstacle()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = server.ConnectionString + ",password=more" + protocol }, TimeProvider.System, NullLogger<RedisStore>.Instance);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");

        await AssertWorksAsync(store);
    }

    [Fact]
    public async Task Who_may_not_load_scripts_runs_them_all_the_same()
    {
        await using var server = await RedisServer.StartAsync();
        await server.SendAsync("ACL", "SETUSER", "default", "-script");
        await using var store = await OpenAsync(server);

        await AssertWorksAsync(store);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_write_that_was_given_up_while_Redis_hung_leaves_no_fence_once_it_has_ended(bool withoutScripts)
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server, Short);
        if (withoutScripts)
        {
            await server.SendAsync("SCRIPT", "FLUSH");
        }

        server.Hang();
        Assert.Equal(StoreOutcome.Unavailable, (await store.BeginWriteAsync(Key, "w", TimeSpan.FromHours(1), new(Short))).Outcome);
        Assert.Equal(StoreOutcome.Unavailable, (await store.EndWriteAsync(Key, "w", WriteResult.Unchanged, new(Short))).Outcome);
        server.Release();

        await Eventually.TrueAsync(() => TryLookUpAsync(store), "It did not come back.");
        // Whatever was still on its way has arrived by the time that a later step is answered.
        await AssertWorksAsync(store);
        Assert.Equal(0, await server.NumberAsync("EXISTS", Key.Value));
    }

    [Fact]
    public async Task A_write_whose_script_was_flushed_and_that_was_given_up_leaves_no_fence_once_it_has_ended()
    {
        await using var server = await RedisServer.StartAsync();
        await using var way = new HeldReplies(server.Port, last: "NOSCRIPT");
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = way.ConnectionString + protocol }, TimeProvider.System, NullLogger<RedisStore>.Instance);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        await server.SendAsync("SCRIPT", "FLUSH");

        // Redis says that it does not know the script, and takes what is sent after that; only its replies do not arrive.
        Assert.Equal(StoreOutcome.Unavailable, (await store.BeginWriteAsync(Key, "w", TimeSpan.FromHours(1), new(Short))).Outcome);
        Assert.Equal(StoreOutcome.Unavailable, (await store.EndWriteAsync(Key, "w", WriteResult.Unchanged, new(Short))).Outcome);
        way.Gate.Open();

        await Eventually.TrueAsync(() => TryLookUpAsync(store), "It did not come back.");
        await AssertWorksAsync(store);
        Assert.Equal(0, await server.NumberAsync("EXISTS", Key.Value));
    }
}
