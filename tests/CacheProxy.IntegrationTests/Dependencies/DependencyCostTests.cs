using System.Diagnostics;
using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Dependencies;

/// <summary>What dependencies cost, and that they do not pile up.</summary>
public sealed class DependencyCostTests(ITestOutputHelper output)
{
    private const int Dependents = 1_000;

    /// <summary>Prints what a write adds that evicts a thousand customers: time for its client, time of Redis, its longest command.</summary>
    [Fact]
    [Trait("Category", "LongRun")]
    public async Task A_write_evicts_a_thousand_dependents()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(
            scene.Api.Address, [.. PetScene.Settings, ("Serilog:MinimumLevel:Default", "Information")], redis.ConnectionString);
        foreach (var round in (int[])[1, 2, 3])
        {
            var (without, redisWithout) = await WriteAsync(redis, proxy, "/api/pets/9");
            for (var i = 0; i < Dependents; i++)
            {
                await proxy.AskAsync($"/api/customers/{i}");
            }

            await Eventually.TrueAsync(async () => (await proxy.AskAsync($"/api/customers/{Dependents - 1}")).IsHit);
            var (with, redisWith) = await WriteAsync(redis, proxy, PetScene.Pet);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Round {round}: a write takes {without:N1} ms and {redisWithout:N0} us of Redis without dependents, {with:N1} ms and {redisWith:N0} us with {Dependents:N0}"));
            Assert.False((await proxy.AskAsync("/api/customers/0")).IsHit);
            Assert.False((await proxy.AskAsync($"/api/customers/{Dependents - 1}")).IsHit);
        }
    }

    /// <summary>An hour of fills and writes of many pets: indexes and their entries go as they expire.</summary>
    [Fact]
    public async Task Indexes_clean_themselves()
    {
        var time = new FakeTimeProvider();
        await using var store = new MemoryStore(time);
        var budget = new StoreTimeoutBudget(TimeSpan.FromDays(1));
        var random = new Random(1);
        var peak = 0L;
        for (var minute = 1; minute <= 60; minute++)
        {
            for (var i = 0; i < 200; i++)
            {
                // Each pet is contained by another customer, and most of them never again.
                var pet = new ResourceKey(string.Create(CultureInfo.InvariantCulture, $"demo:pet:{minute * 200 + i - random.Next(400)}"));
                var customer = new ResourceKey(string.Create(CultureInfo.InvariantCulture, $"demo:customer:{minute * 200 + i}"));
                await store.RegisterAsync(pet, customer, TimeSpan.FromMinutes(6), 1_000, budget);
                if (i % 10 == 0)
                {
                    var token = new IndexToken(customer.Value, 1);
                    await store.BeginWriteOnIndexAsync(pet, token, TimeSpan.FromSeconds(30), budget);
                    await store.EndWriteOnIndexAsync(pet, token, changed: true, budget);
                }
            }

            time.Advance(TimeSpan.FromMinutes(1));
            peak = minute <= 10 ? Math.Max(peak, store.Bytes) : peak;
            if (minute % 5 == 0)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"After {minute} minutes: {store.Indexes:N0} indexes, {store.Bytes:N0} bytes"));
            }
        }

        Assert.InRange(store.Bytes, 1, peak * 11 / 10);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((0, 0L), (store.Indexes, store.Bytes));
    }

    private static async Task<(double Ms, double RedisMicroseconds)> WriteAsync(RedisServer redis, ProxyUnderTest proxy, string path)
    {
        await redis.SendAsync("CONFIG", "RESETSTAT");
        var began = Stopwatch.GetTimestamp();
        await proxy.AskAsync(HttpMethod.Put, path);
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var stats = await redis.TextAsync("INFO", "commandstats") ?? "";
        return (took, stats.Split('\n').Where(static line => line.StartsWith("cmdstat_evalsha", StringComparison.Ordinal)).Sum(static line =>
            double.Parse(line.Split("usec=")[1].Split(',')[0], CultureInfo.InvariantCulture)));
    }
}
