using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>What replicas tell each other about hot resources, on a Redis whose user has only the documented rights.</summary>
public sealed class HotListTests : IAsyncLifetime
{
    private const string Rights =
        "+hmget +hset +hdel +hkeys +del +pexpireat +eval +evalsha +time +ping +echo +info +script|load "
        + "+get +set +pexpire +zadd +zcard +zincrby +zremrangebyrank +zrevrange +zscore +zunionstore";

    private static readonly HotKeys Keys = HotKeys.Of("app:", "customer");
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private RedisServer _redis = null!;
    private RedisStore _store = null!;

    private IHotList List => _store.HotList;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        await _redis.SendAsync(["ACL", "SETUSER", "app", "on", ">secret", "~app:*", .. Rights.Split(' ')]);
        _store = new RedisStore(
            new RedisOptions { ConnectionString = $"127.0.0.1:{_redis.Port},user=app,password=secret", KeyPrefix = "app:", Timeout = TimeSpan.FromSeconds(10) },
            TimeProvider.System,
            NullLogger<RedisStore>.Instance);
        await Eventually.TrueAsync(() => _store.IsAvailable && List.StoreId(Keys) is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task What_replicas_have_counted_adds_up_and_the_coldest_goes()
    {
        Assert.Equal(ShareOutcome.Begun, await List.ShareAsync(Keys, [new("one", 3), new("two", 2), new("three", 1)], most: 2));
        Assert.Equal(ShareOutcome.Added, await List.ShareAsync(Keys, [new("two", 2.5)], most: 2));

        Assert.Equal([new HotCount("two", 4.5), new HotCount("one", 3)], await List.ReadAsync(Keys, 10));
        Assert.Equal([new HotCount("two", 4.5)], await List.ReadAsync(Keys, 1));
        Assert.InRange(await _redis.NumberAsync("PTTL", "app:cacheproxy#hot:customer"), 1, TimeSpan.FromDays(7).TotalMilliseconds);
    }

    [Fact]
    public async Task More_than_fit_into_one_script_are_all_shared()
    {
        await List.ShareAsync(Keys, [.. Enumerable.Range(1, 450).Select(static i => new HotCount($"{i}", i))], most: 1000);

        Assert.Equal(450, (await List.ReadAsync(Keys, 1000)).Count);
    }

    [Fact]
    public async Task Counts_halve_in_an_hour_of_Rediss_clock()
    {
        await List.ShareAsync(Keys, [new("one", 8)], most: 10);
        // As if it had been shared two hours ago.
        var since = (await _redis.TextAsync("ZSCORE", Keys.List, ""))!;
        await _redis.SendAsync("ZINCRBY", Keys.List, "-7200000", "");

        await List.ShareAsync(Keys, [], most: 10);

        Assert.Equal(2, (await List.ReadAsync(Keys, 10))[0].Count, tolerance: 0.01);
        Assert.True(double.Parse((await _redis.TextAsync("ZSCORE", Keys.List, ""))!, System.Globalization.CultureInfo.InvariantCulture)
            >= double.Parse(since, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task One_replica_leads_until_it_resigns_or_its_lease_runs_out()
    {
        Assert.True(await List.TryLeadAsync(Keys, "one", Lease));
        Assert.True(await List.TryLeadAsync(Keys, "one", Lease));
        Assert.False(await List.TryLeadAsync(Keys, "two", Lease));

        await List.ResignAsync(Keys, "two");
        Assert.False(await List.TryLeadAsync(Keys, "two", Lease));
        await List.ResignAsync(Keys, "one");
        Assert.True(await List.TryLeadAsync(Keys, "two", TimeSpan.FromMilliseconds(1)));
        await Eventually.TrueAsync(async () => await List.TryLeadAsync(Keys, "one", Lease));
    }

    [Fact]
    public async Task Without_Redis_nothing_is_known_and_nobody_leads()
    {
        await _redis.KillAsync();

        await Eventually.TrueAsync(async () => await List.ShareAsync(Keys, [], most: 10) == ShareOutcome.Unavailable);
        Assert.Empty(await List.ReadAsync(Keys, 10));
        Assert.False(await List.TryLeadAsync(Keys, "one", Lease));
        await _redis.RestartAsync();
    }
}
