using System.Net;
using System.Net.Sockets;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>The store on a failing Redis: no step throws or waits longer than it may, and the store recovers by itself.</summary>
public abstract partial class RedisStoreTroubleTests(string protocol)
{
    private static readonly ResourceKey Key = new("demo:customer:123");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Absent_at_the_start_then_there()
    {
        var log = new StateLog();
        var port = RedisServer.FreePort();
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = "127.0.0.1:" + port + protocol }, TimeProvider.System, log);

        await Eventually.TrueAsync(() => log.Events.Length > 0, "Nothing was logged.");
        await AssertEverythingIsUnavailableAsync(store);

        await using var server = await RedisServer.StartAsync(port, password: null);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        await AssertWorksAsync(store);
        Assert.Equal(2, log.Events.Length);
        Assert.StartsWith("Redis is unavailable: Disconnected", log.Events[0], StringComparison.Ordinal);
        Assert.StartsWith("Redis is available", log.Events[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_and_restarted(bool withData)
    {
        await using var server = await RedisServer.StartAsync();
        var log = new StateLog();
        await using var store = await OpenAsync(server, log: log);
        await FillAsync(store);
        if (withData)
        {
            await server.SaveAsync();
        }

        await server.KillAsync();
        await Eventually.TrueAsync(() => !store.IsAvailable, "The breaker did not open.");
        await AssertEverythingIsUnavailableAsync(store);

        await server.RestartAsync();
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        // What it saved may be older than an eviction that it had acknowledged since.
        Assert.Equal(withData ? 1 : 0, await server.NumberAsync("EXISTS", Key.Value));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(store)).Outcome);
        await AssertWorksAsync(store);
        Assert.Equal(3, log.Events.Length);
    }

    [Fact]
    public async Task Hanging_costs_a_few_requests_their_patience_and_then_nobody_anything()
    {
        await using var server = await RedisServer.StartAsync();
        var log = new StateLog();
        await using var store = await OpenAsync(server, Short, log);
        await FillAsync(store);
        server.Hang();

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(LookUpOutcome.Unavailable, (await LookUpAsync(store, Short)).Outcome);
        }

        Assert.False(store.IsAvailable);
        await AssertEverythingIsUnavailableAsync(store);

        server.Release();
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(store)).Outcome);
        await AssertWorksAsync(store);
        // On a slow machine it hangs long enough for its connection to be replaced, which is said as well.
        var changes = log.Events.Where(static line => !line.Contains("replaced by a new one", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, changes.Length);
        Assert.StartsWith("Redis is available", changes[0], StringComparison.Ordinal);
        Assert.StartsWith("Redis is unavailable: TimedOut", changes[1], StringComparison.Ordinal);
        Assert.StartsWith("Redis is available", changes[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_stays_silent_is_replaced_by_a_new_one()
    {
        await using var server = await RedisServer.StartAsync();
        var log = new StateLog();
        await using var store = await OpenAsync(server, Short, log);
        await FillAsync(store);
        server.Hang();
        while (store.IsAvailable)
        {
            await LookUpAsync(store, Short);
        }

        await Eventually.TrueAsync(() => log.Events.Any(static line => line.Contains("replaced by a new one", StringComparison.Ordinal)), "It was kept.");
        server.Release();
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(store)).Outcome);
    }

    [Fact]
    public async Task A_patience_that_is_spent_asks_nothing()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);

        Assert.Equal(LookUpOutcome.Unavailable, (await LookUpAsync(store, TimeSpan.Zero)).Outcome);
        Assert.True(store.IsAvailable);
    }

    [Fact]
    public async Task Full_it_still_reads_fences_and_evicts()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        var log = new StateLog();
        await using var store = await OpenAsync(server, log: log);
        await FillAsync(store);
        var lease = Lease(store) with { Seen = (await LookUpAsync(store)).Stamp };
        Assert.Equal(BeginFillOutcome.Granted, await store.BeginFillAsync(Key, lease, new(Long)));
        await server.ConfigureAsync("maxmemory", "1");

        Assert.Equal(CompleteFillOutcome.Unavailable, await CompleteAsync(store, lease));
        Assert.Equal(["body", "meta"], await server.FieldsAsync(Key.Value));
        Assert.InRange(await server.NumberAsync("TTL", Key.Value), 290, 300);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(store)).Outcome);
        Assert.Equal(BeginFillOutcome.Unavailable, await store.BeginFillAsync(Key, lease, new(Long)));
        Assert.True(store.IsAvailable);

        Assert.Equal(StoreOutcome.Done, (await store.BeginWriteAsync(Key, "w", Long, new(Long))).Outcome);
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync(store)).Outcome);
        Assert.Equal(StoreOutcome.Done, (await store.BeginWriteAsync(Key, "x", Long / 2, new(Long))).Outcome);
        Assert.Equal(StoreOutcome.Done, (await store.EndWriteAsync(Key, "w", WriteResult.Changed, new(Long))).Outcome);
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync(store)).Outcome);
        Assert.Equal(StoreOutcome.Done, (await store.EndWriteAsync(Key, "x", WriteResult.Unchanged, new(Long))).Outcome);
        Assert.Equal(0, await server.NumberAsync("EXISTS", Key.Value));
        Assert.Equal(2, log.Events.Length);

        await server.ConfigureAsync("maxmemory", "0");
        await AssertWorksAsync(store);
    }

    [Fact]
    public async Task A_demoted_primary_is_left_alone_until_it_is_promoted_again()
    {
        await using var server = await RedisServer.StartAsync();
        var log = new StateLog();
        await using var store = await OpenAsync(server, log: log);
        await server.SendAsync("REPLICAOF", "127.0.0.1", "1");

        Assert.Equal(StoreOutcome.Unavailable, (await store.BeginWriteAsync(Key, "w", Long, new(Long))).Outcome);
        Assert.False(store.IsAvailable);

        await server.SendAsync("REPLICAOF", "NO", "ONE");
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        await AssertWorksAsync(store);
        Assert.Equal(3, log.Events.Length);
    }

    [Theory]
    [InlineData("SET", "somebody else's")]
    [InlineData("RPUSH", "a list")]
    public async Task A_key_of_another_type_is_not_ours_to_read_or_delete(string command, string value)
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await server.SendAsync(command, Key.Value, value);
        var before = await server.TextAsync("DUMP", Key.Value);

        Assert.Equal(LookUpOutcome.Unavailable, (await LookUpAsync(store)).Outcome);
        Assert.Equal(BeginFillOutcome.Unavailable, await store.BeginFillAsync(Key, Lease(store), new(Long)));
        Assert.Equal(CompleteFillOutcome.Unavailable, await CompleteAsync(store, Lease(store)));
        await store.AbandonFillAsync(Key, Lease(store), new(Long));
        Assert.Equal(StoreOutcome.Done, (await store.BeginWriteAsync(Key, "w", Long, new(Long))).Outcome);
        foreach (var result in Enum.GetValues<WriteResult>())
        {
            Assert.Equal(StoreOutcome.Done, (await store.EndWriteAsync(Key, "w", result, new(Long))).Outcome);
        }

        Assert.Equal(before, await server.TextAsync("DUMP", Key.Value));
        Assert.True(store.IsAvailable);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",password=wrong")]
    public async Task A_password_that_is_missing_or_wrong(string given)
    {
        await using var server = await RedisServer.StartAsync(0, "right");
        var log = new StateLog();
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = "127.0.0.1:" + server.Port + given + protocol }, TimeProvider.System, log);

        await Eventually.TrueAsync(() => log.Events.Length > 0, "Nothing was logged.");
        await AssertEverythingIsUnavailableAsync(store);
        Assert.StartsWith("Redis is unavailable: ", Assert.Single(log.Events), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_that_is_right()
    {
        await using var server = await RedisServer.StartAsync(0, "right");
        await using var store = await OpenAsync(server);

        await AssertWorksAsync(store);
    }

    [Fact]
    public async Task A_password_that_is_changed_while_connected()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await server.SendAsync("ACL", "SETUSER", "default", "-@all", "+acl", "+auth");
        Assert.Equal(LookUpOutcome.Unavailable, (await LookUpAsync(store)).Outcome);

        await server.SendAsync("ACL", "SETUSER", "default", "+@all");
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not come back.");
        await AssertWorksAsync(store);
    }

    [Fact]
    public async Task No_more_connections_than_Redis_allows()
    {
        await using var server = await RedisServer.StartAsync("--maxclients", "1");
        using var other = await RespConnection.OpenAsync(server.Port, TestContext.Current.CancellationToken);
        await other.SendAsync(TestContext.Current.CancellationToken, "PING");
        var log = new StateLog();
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = server.ConnectionString + protocol }, TimeProvider.System, log);
        await Eventually.TrueAsync(() => log.Events.Length > 0, "Nothing was logged.");
        await AssertEverythingIsUnavailableAsync(store);

        await other.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "maxclients", "100");
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        await AssertWorksAsync(store);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("\0\u0001\u0002\u00ff\u00fe garbage")]
    [InlineData("")]
    public async Task A_socket_that_is_not_Redis(string says)
    {
        using var stop = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, says, stop.Token);
        var log = new StateLog();
        await using (var store = new RedisStore(
            new RedisOptions { ConnectionString = listener.LocalEndpoint + ",connectTimeout=500" + protocol }, TimeProvider.System, log))
        {
            await Eventually.TrueAsync(() => log.Events.Length > 0, "Nothing was logged.");
            await AssertEverythingIsUnavailableAsync(store);
        }

        await stop.CancelAsync();
        await answering;
    }

    [Fact]
    public async Task A_name_that_does_not_resolve()
    {
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = "no-such-host.invalid:6379" + protocol }, TimeProvider.System, NullLogger<RedisStore>.Instance);

        await AssertEverythingIsUnavailableAsync(store);
    }

    [Fact]
    public async Task Replicas_whose_wall_clocks_differ_by_minutes_agree_on_the_time()
    {
        await using var server = await RedisServer.StartAsync();
        await using var early = await OpenAsync(server, time: new ShiftedTimeProvider(TimeSpan.FromMinutes(-7)));
        await using var late = await OpenAsync(server, time: new ShiftedTimeProvider(TimeSpan.FromMinutes(9)));

        // The store's clock is Redis's, give or take the time that an answer takes.
        Assert.InRange(early.NowMs - late.NowMs, -10_000, 10_000);
        await FillAsync(early);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(late)).Outcome);
    }
}

public sealed class RedisStoreTroubleResp3Tests() : RedisStoreTroubleTests(RespProtocols.Resp3);

public sealed class RedisStoreTroubleResp2Tests() : RedisStoreTroubleTests(RespProtocols.Resp2);
