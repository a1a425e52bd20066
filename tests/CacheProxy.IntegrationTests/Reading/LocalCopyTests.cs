using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>MemoryTtl: copies in the process, served without asking the store.</summary>
public sealed class LocalCopyTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private static readonly (string, string?)[] FiveSeconds = [("CacheProxy:Policies:customer:MemoryTtl", "5s")];

    [Fact]
    public async Task A_copy_is_served_although_the_store_has_lost_it()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, FiveSeconds);
        await proxy.AskAsync(Customer);
        await HoldCopyAsync(proxy);

        await stores.Redis.SendAsync("DEL", "demo:customer:1");

        Assert.Equal(("1", true), ((await proxy.AskAsync(Customer)).Text, (await proxy.AskAsync(Customer)).IsHit));
    }

    [Fact]
    public async Task No_copy_is_served_after_its_time()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, FiveSeconds, stores.Redis.ConnectionString, time);
        await stores.Redis.SendAsync("FLUSHALL");
        await proxy.AskAsync(Customer);
        await HoldCopyAsync(proxy);
        await stores.Redis.SendAsync("DEL", "demo:customer:1");

        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("1", (await proxy.AskAsync(Customer)).Text);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("2", (await proxy.AskAsync(Customer)).Text);
    }

    [Fact]
    public async Task A_write_through_this_replica_forgets_the_copies_of_all_variants()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, FiveSeconds);
        foreach (var target in new[] { Customer, Customer + "?a=1", Customer, Customer + "?a=1" })
        {
            await proxy.AskAsync(target);
        }

        await proxy.AskAsync(HttpMethod.Put, Customer);

        Assert.Equal(("4", "5"), ((await proxy.AskAsync(Customer)).Text, (await proxy.AskAsync(Customer + "?a=1")).Text));
    }

    [Fact]
    public async Task A_write_through_another_replica_is_seen_when_the_copy_has_run_out()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var other = await stores.StartAsync(StoreKind.Redis, api.Address);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, FiveSeconds, stores.Redis.ConnectionString, time);
        // Not its own fill, whose end drops what was copied meanwhile.
        await other.AskRawAsync(Customer);
        await Eventually.TrueAsync(async () => (await proxy.AskRawAsync(Customer)).Head.Contains("cacheproxy; hit", StringComparison.Ordinal));

        await other.AskRawAsync(Customer, method: "PUT");

        Assert.Equal("1", (await proxy.AskRawAsync(Customer)).Content);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("3", (await proxy.AskRawAsync(Customer)).Content);
    }

    [Fact]
    public async Task What_a_client_refreshed_replaces_the_copy()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, FiveSeconds);
        await proxy.AskAsync(Customer);
        await HoldCopyAsync(proxy);

        for (var i = 2; i < 5; i++)
        {
            var refreshed = await proxy.AskAsync(Customer, ("Cache-Control", "no-cache"));
            Assert.Equal((i.ToString(), "cacheproxy; fwd=request; fwd-status=200; stored"), (refreshed.Text, refreshed.CacheStatus));
            Assert.Equal(i.ToString(), (await proxy.AskAsync(Customer)).Text);
        }
    }

    [Fact]
    public async Task A_copy_that_has_gone_stale_gives_way_to_what_another_replica_has_refreshed()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Cache-Control", "max-age=10"), ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, FiveSeconds, time: time);
        await proxy.AskAsync(Customer);
        await HoldCopyAsync(proxy);
        time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal("2", (await proxy.AskAsync(Customer)).Text);
        Assert.Equal(("2", true), ((await proxy.AskAsync(Customer)).Text, (await proxy.AskAsync(Customer)).IsHit));
        Assert.Equal(2, api.Requests.Count);
    }

    // A request that comes before the fill is stored waits for it, and keeps no copy; and the end of the fill drops what was copied meanwhile.
    private static Task HoldCopyAsync(ProxyUnderTest proxy)
    {
        var hits = 0;
        return Eventually.TrueAsync(async () => (hits += (await proxy.AskAsync(Customer)).IsHit ? 1 : 0) == 5);
    }
}
