using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Coalesce: Cluster. Misses of one variant in several replicas share one request to the API.</summary>
public sealed class ClusterCoalescingTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private static readonly (string, string?)[] Cluster =
    [
        ("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Policies:customer:Coalesce", "Cluster"),
    ];

    [Fact]
    public async Task A_replica_waits_for_what_another_one_fetches()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            await gate.PassAsync();
            await Answers.SendAsync(context, 200, "x");
        });
        await using var one = await stores.StartAsync(StoreKind.Redis, api.Address, Cluster);
        await using var two = await ProxyUnderTest.StartAsync(api.Address, Cluster, stores.Redis.ConnectionString);
        var first = one.AskRawAsync("/api/customers/1");
        await gate.ReachedAsync();
        await stores.Redis.SendAsync("CONFIG", "RESETSTAT");

        var second = two.AskRawAsync("/api/customers/1");
        await AskedForALeaseAsync();
        gate.Open();

        Assert.Equal(("x", "x"), ((await first).Content, (await second).Content));
        Assert.StartsWith("cacheproxy; hit", (await second).Values("Cache-Status")[0], StringComparison.Ordinal);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task When_the_other_one_gives_up_it_asks_the_API_itself()
    {
        var gate = new Gate();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            var mine = Interlocked.Increment(ref count);
            await (mine == 1 ? gate.PassAsync() : Task.CompletedTask);
            await Answers.SendAsync(context, mine == 1 ? 500 : 200, mine == 1 ? "error" : "good");
        });
        await using var one = await stores.StartAsync(StoreKind.Redis, api.Address, Cluster);
        await using var two = await ProxyUnderTest.StartAsync(api.Address, Cluster, stores.Redis.ConnectionString);
        var first = one.AskRawAsync("/api/customers/1");
        await gate.ReachedAsync();
        await stores.Redis.SendAsync("CONFIG", "RESETSTAT");

        var second = two.AskRawAsync("/api/customers/1");
        await AskedForALeaseAsync();
        gate.Open();

        Assert.Equal((500, 200), ((await first).Status, (await second).Status));
        Assert.Equal("good", await stores.Redis.TextAsync("HGET", "demo:customer:1", "body"));
    }

    /// <summary>The second replica has asked for a lease, too.</summary>
    private Task AskedForALeaseAsync() => Eventually.TrueAsync(async () =>
        (await stores.Redis.TextAsync("INFO", "commandstats"))!.Contains("cmdstat_eval", StringComparison.Ordinal));
}
