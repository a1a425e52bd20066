using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>How often a miss asks Redis, counted by Redis itself.</summary>
public sealed class MissRoundTripTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";

    [Fact]
    public async Task A_miss_of_what_Redis_holds_nothing_of_asks_twice_and_so_does_the_one_after_a_write()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);

        Assert.Equal(2, await CallsAsync(async () => await StoredAsync(proxy)));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);

        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.Equal(2, await CallsAsync(async () => await StoredAsync(proxy)));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task What_this_replica_has_not_stored_itself_is_found_without_a_lease()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var one = await stores.StartAsync(StoreKind.Redis, api.Address);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], stores.Redis.ConnectionString);
        // In raw form both replicas have one host.
        await one.AskRawAsync(Customer);

        var found = await other.AskRawAsync(Customer);

        Assert.StartsWith("cacheproxy; hit", found.Values("Cache-Status")[0], StringComparison.Ordinal);
        Assert.DoesNotContain("fill:", await stores.Redis.TextAsync("EVAL", "return table.concat(redis.call('HKEYS', KEYS[1]), ' ')", "1", "demo:customer:1"));
    }

    [Theory]
    [InlineData("GET", "Cache-Control", "only-if-cached")]
    [InlineData("GET", "Range", "bytes=0-0")]
    [InlineData("HEAD", "X-Any", "1")]
    public async Task What_never_becomes_a_fill_leaves_no_lease(string method, string name, string value)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);

        await proxy.AskAsync(new HttpMethod(method), Customer, (name, value));

        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", "demo:customer:1"));
    }

    private static async Task StoredAsync(ProxyUnderTest proxy)
    {
        var before = Cached(proxy);
        await proxy.AskAsync(Customer);
        await Eventually.TrueAsync(() => Cached(proxy) > before);
    }

    private static int Cached(ProxyUnderTest proxy) => proxy.Log.Messages.Count(static message => message == "Customer cached");

    /// <summary>How often a client has asked for the resource; what a script calls has no client.</summary>
    private async Task<int> CallsAsync(Func<Task> act)
    {
        await stores.Redis.SendAsync("CONFIG", "SET", "slowlog-log-slower-than", "0");
        await stores.Redis.SendAsync("SLOWLOG", "RESET");
        await act();
        var log = (object?[])(await stores.Redis.SendAsync("SLOWLOG", "GET", "100"))!;
        return log.Cast<object?[]>().Count(static entry => ((object?[])entry[3]!).Contains("demo:customer:1") && entry[4] is not "?:0");
    }
}
