using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

public sealed class StatisticsTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task They_tell_what_happened_since_the_start_and_of_late_in_sum_and_by_policy(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await stores.StartAsync(store, api.Address);
        foreach (var target in (string[])["/api/customers/1", "/api/customers/1", "/api/customers/1"])
        {
            (await proxy.GetAsync(target)).Dispose();
        }

        (await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Cache-Control", "no-store"))).Dispose();
        (await proxy.SendAsync(HttpMethod.Put, "/api/customers/1")).Dispose();
        // A duration is known after the client has its answer.
        await Eventually.TrueAsync(async () =>
            (await OfAsync(proxy)).GetProperty("sinceStart").GetProperty("total").GetProperty("latency").GetProperty("forward").GetProperty("count").GetDouble() == 1);

        var statistics = await OfAsync(proxy);

        foreach (var span in (string[])["sinceStart", "recent"])
        {
            foreach (var figures in (JsonElement[])
                [
                    statistics.GetProperty(span).GetProperty("total"),
                    statistics.GetProperty(span).GetProperty("policies").GetProperty("customer"),
                ])
            {
                Assert.Equal("""{"hit":2,"stale":0,"collapsed":0,"fill":1,"forward":1}""", Compact(figures.GetProperty("outcomes")));
                Assert.Equal((4, 0.5, 2), (Number(figures, "requests"), Number(figures, "hitRatio"), Number(figures, "apiRequestsSaved")));
                Assert.Equal("""{"request-no-store":1}""", Compact(figures.GetProperty("forwards")));
                Assert.Equal(1, Number(figures.GetProperty("fills"), "stored"));
                Assert.Equal("""{"changed":1,"unchanged":0,"unknown":0,"refused":0}""", Compact(figures.GetProperty("writes")));
                Assert.True(Number(figures.GetProperty("latency").GetProperty("hit"), "p99Ms") > 0);
            }
        }

        Assert.Equal(
            store == StoreKind.Redis ? """{"kind":"redis","available":true,"breaker":"closed"}""" : """{"kind":"memory","available":true,"breaker":"closed"}""",
            Compact(statistics.GetProperty("store")));
        Assert.Equal(store == StoreKind.Redis, Number(statistics.GetProperty("recent").GetProperty("store").GetProperty("all"), "count") > 0);
        Assert.Equal("""[{"name":"customer","mode":"On"}]""", Compact(statistics.GetProperty("policies")));
        Assert.Equal(0, Number(statistics, "evictionsPending"));
        Assert.True(Number(statistics.GetProperty("memory"), "residentBytes") > 0);
        Assert.Contains(statistics.GetProperty("events").EnumerateArray(), static logged => logged.GetProperty("id").GetInt32() == 1000);
    }

    [Fact]
    public async Task They_say_that_Redis_is_away_and_that_evictions_wait()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, redis: redis.ConnectionString);
        await redis.KillAsync();
        (await proxy.SendAsync(HttpMethod.Put, "/api/customers/1")).Dispose();

        await Eventually.TrueAsync(async () => Compact((await OfAsync(proxy)).GetProperty("store"))
            == """{"kind":"redis","available":false,"breaker":"open"}""");
        var statistics = await OfAsync(proxy);

        Assert.Equal(1, Number(statistics, "evictionsPending"));
        Assert.Contains(statistics.GetProperty("events").EnumerateArray(), static logged => logged.GetProperty("id").GetInt32() == 3001);
    }

    private static string Compact(JsonElement element) => string.Concat(element.GetRawText().Where(static c => !char.IsWhiteSpace(c)));

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static async Task<JsonElement> OfAsync(ProxyUnderTest proxy)
    {
        await using var body = await proxy.Client.GetStreamAsync(new Uri(proxy.Management, "/statistics"), TestContext.Current.CancellationToken);
        return (await JsonDocument.ParseAsync(body, cancellationToken: TestContext.Current.CancellationToken)).RootElement;
    }
}
