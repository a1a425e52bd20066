using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>Two replicas on one Redis, and an API that counts the writes of one customer.</summary>
internal sealed class TroubleScene : IAsyncDisposable
{
    public const string Path = "/api/customers/1";
    public const string Key = "demo:customer:1";

    private int _version = 1;

    private TroubleScene(StubApi api) => Api = api;

    public StubApi Api { get; }

    /// <summary>The replica that writes go through.</summary>
    public ProxyUnderTest One { get; private set; } = null!;

    public ProxyUnderTest Other { get; private set; } = null!;

    public string Version => Volatile.Read(ref _version).ToString(CultureInfo.InvariantCulture);

    /// <param name="redis">Connection string.</param>
    /// <param name="waitsForRedis">Whether to wait until Redis answers.</param>
    /// <param name="way">The way to Redis of the replica that writes go through, where it has one of its own.</param>
    /// <param name="time">The clock of that replica; the system's when absent.</param>
    /// <param name="settings">What differs from the shipped configuration.</param>
    public static async Task<TroubleScene> StartAsync(
        string redis, bool waitsForRedis = true, string? way = null, TimeProvider? time = null, params (string Key, string? Value)[] settings)
    {
        var scene = new TroubleScene(await StubApi.StartAsync());
        scene.Api.Handler = scene.AnswerAsync;
        (string, string?)[] all =
        [
            ("Serilog:MinimumLevel:Default", "Information"), ("CacheProxy:Redis:Timeout", "00:00:00.700"), .. settings,
        ];
        scene.One = await ProxyUnderTest.StartAsync(scene.Api.Address, all, way ?? redis, time, waitsForRedis);
        scene.Other = await ProxyUnderTest.StartAsync(scene.Api.Address, all, redis, waitsForRedis: waitsForRedis);
        return scene;
    }

    public async Task<HttpResponseMessage> WriteAsync(ProxyUnderTest? through = null)
    {
        using var content = new StringContent("{}");
        return await (through ?? One).Client.PutAsync(Path, content, TestContext.Current.CancellationToken);
    }

    public static async Task<(string Body, bool IsHit)> ReadAsync(ProxyUnderTest proxy, string path = Path)
    {
        // One host for both replicas, or each would have its own variant.
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = "api.test";
        using var response = await proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return (
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            string.Join(',', response.Headers.GetValues("Cache-Status")).Contains("; hit", StringComparison.Ordinal));
    }

    /// <summary>The evictions have reached Redis: nothing older is served by either replica, and soon both serve from the cache.</summary>
    public async Task IsCachedByBothAsync()
    {
        var pending = One.Services.GetRequiredService<PendingEvictions>();
        await Eventually.TrueAsync(async () =>
        {
            // Redis may be back before it has the eviction: who knows of the write must not serve what Redis still holds.
            Assert.Equal(Version, (await ReadAsync(One)).Body);
            return pending.Count == 0;
        });
        foreach (var proxy in new[] { One, Other })
        {
            await Eventually.TrueAsync(async () =>
            {
                var (body, isHit) = await ReadAsync(proxy);
                Assert.Equal(Version, body);
                return isHit;
            });
        }
    }

    /// <summary>The API: a write counts, and either gets the version.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        if (HttpMethods.IsPut(context.Request.Method))
        {
            Interlocked.Increment(ref _version);
        }

        return context.Response.WriteAsync(Version);
    }

    /// <summary>What the writing replica logged about the state of Redis.</summary>
    public string[] LoggedStates() =>
        [.. One.Log.Messages.Where(static line => line.StartsWith("Redis is ", StringComparison.Ordinal)).Select(static line => line.Split(' ', ':')[2])];

    public async ValueTask DisposeAsync()
    {
        await One.DisposeAsync();
        await Other.DisposeAsync();
        await Api.DisposeAsync();
    }
}
