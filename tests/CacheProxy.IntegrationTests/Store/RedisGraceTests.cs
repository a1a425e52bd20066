using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>How long a write waits for what another Redis may have granted: counted from when the first replica used this one.</summary>
public sealed class RedisGraceTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Whole = Lease * 1.1;

    private readonly LongestLease _longest = new();
    private readonly List<RedisStore> _stores = [];
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_holds_nothing_waits_for_nobody_and_leaves_no_key()
    {
        var store = await OpenAsync();

        Assert.Equal(TimeSpan.Zero, await GraceAsync(store));
        Assert.Equal(0, await _server.NumberAsync("DBSIZE"));
    }

    [Fact]
    public async Task The_first_user_of_a_Redis_waits_and_one_that_starts_later_need_not()
    {
        _longest.Raise(Lease);
        var first = await OpenAsync();
        Assert.InRange(await GraceAsync(first), Lease, Whole);

        await PassAsync(first, TimeSpan.FromMinutes(4));
        Assert.InRange(await GraceAsync(await OpenAsync()), Lease / 2, Whole - TimeSpan.FromMinutes(4));

        await PassAsync(first, Whole);
        Assert.Equal(TimeSpan.Zero, await GraceAsync(await OpenAsync()));
        Assert.InRange(await _server.NumberAsync("PTTL", SinceKey(first)), 1_000_000_000, 2_592_000_000);
    }

    [Fact]
    public async Task Whoever_begins_to_hold_later_asks_since_when_Redis_is_in_use()
    {
        var store = await OpenAsync();
        await _server.SendAsync("HSET", SinceKey(store), "since", "1000000000000");
        _longest.Raise(Lease);

        await Eventually.TrueAsync(async () => await GraceAsync(store) == TimeSpan.Zero, "It was not asked.");
    }

    [Fact]
    public async Task What_is_lost_with_all_keys_makes_only_those_wait_who_start_later()
    {
        _longest.Raise(Lease);
        await PassAsync(await OpenAsync(), Whole);
        var store = await OpenAsync();
        await _server.SendAsync("FLUSHALL");

        Assert.Equal(TimeSpan.Zero, await GraceAsync(store));
        Assert.InRange(await GraceAsync(await OpenAsync()), Lease, Whole);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_makes_it_begin_anew()
    {
        _longest.Raise(Lease);
        await PassAsync(await OpenAsync(), -Lease);

        Assert.InRange(await GraceAsync(await OpenAsync()), Lease, Whole);
    }

    [Fact]
    public async Task A_Redis_that_restarts_with_its_data_is_another_one()
    {
        _longest.Raise(Lease);
        await PassAsync(await OpenAsync(), Whole);
        var store = await OpenAsync();
        Assert.Equal(TimeSpan.Zero, await GraceAsync(store));

        await _server.SaveAsync();
        await _server.KillAsync();
        await _server.RestartAsync();

        await Eventually.TrueAsync(async () => (await EndAsync(store)).Outcome == StoreOutcome.Done, "It did not come back.");
        Assert.InRange(await GraceAsync(store), Lease, Whole);
    }

    private static async Task<WriteStep> EndAsync(RedisStore store) =>
        await store.EndWriteAsync(new ResourceKey("demo:customer:1"), "w", WriteResult.Changed, new(TimeSpan.FromSeconds(20)));

    private static async Task<TimeSpan> GraceAsync(RedisStore store)
    {
        var step = await EndAsync(store);
        Assert.Equal(StoreOutcome.Done, step.Outcome);
        return step.Grace;
    }

    private static string SinceKey(RedisStore store) => "cacheproxy:since:" + store.NewFillToken(new ResourceKey("any"))[..16];

    /// <summary>For those who ask from now on.</summary>
    private Task<object?> PassAsync(RedisStore store, TimeSpan time) => _server.SendAsync(
        "HSET", SinceKey(store), "since", (store.NowMs - (long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));

    private async Task<RedisStore> OpenAsync()
    {
        var options = new RedisOptions { ConnectionString = _server.ConnectionString, Timeout = TimeSpan.FromSeconds(5) };
        var store = new RedisStore(options, TimeProvider.System, NullLogger<RedisStore>.Instance, longest: _longest);
        _stores.Add(store);
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        return store;
    }
}
