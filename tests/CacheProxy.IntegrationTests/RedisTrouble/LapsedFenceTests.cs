using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>Redis is out of reach while a write is with the API: what becomes of its fence, and of its answer.</summary>
public sealed class LapsedFenceTests
{
    private const string OtherPath = "/api/customers/2";
    private const string OtherKey = "demo:customer:2";

    private static readonly (string, string?)[] Strict =
    [
        ("CacheProxy:Policies:customer:WriteConsistency", "Strict"), ("CacheProxy:Policies:customer:WriteDeadline", "00:00:01"),
    ];

    [Fact]
    public async Task The_fence_of_a_write_whose_outcome_is_unknown_outlives_an_end_that_Redis_did_not_take()
    {
        var api = new Gate();
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        await scene.IsCachedByBothAsync();
        HoldWrites(scene, api);
        await using (var client = await RawHttpConnection.OpenAsync(scene.One.Address.Port))
        {
            await client.WriteAsync(
                $"PUT {TroubleScene.Path} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\nContent-Length: 2\r\n\r\n{{}}");
            await api.ReachedAsync();
            server.Hang();
            client.Reset();
        }

        await Eventually.TrueAsync(() => IsPending(scene, TroubleScene.Key));
        using var content = new StringContent("{}");
        using var other = await scene.One.Client.PutAsync(OtherPath, content, TestContext.Current.CancellationToken);
        server.Release();
        // What is due has been delivered by now.
        await Eventually.TrueAsync(() => !IsPending(scene, OtherKey));

        Assert.Contains("fence", await server.FieldsAsync(TroubleScene.Key));
        foreach (var replica in new[] { scene.One, scene.Other, scene.One, scene.Other })
        {
            Assert.False((await TroubleScene.ReadAsync(replica)).IsHit);
        }

        var before = scene.Version;
        api.Open();
        await Eventually.TrueAsync(() => scene.Version != before);
        Assert.Equal(scene.Version, (await TroubleScene.ReadAsync(scene.One)).Body);
        Assert.Equal(scene.Version, (await TroubleScene.ReadAsync(scene.Other)).Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_strict_write_whose_fence_may_have_lapsed_is_acknowledged_only_when_its_eviction_is_through(bool comesBack)
    {
        var api = new Gate();
        var time = new LeapingTimeProvider();
        await using var server = await RedisServer.StartAsync();
        await using var way = TcpRelay.To(server.Port);
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString, way: way.ConnectionString, time: time, settings: Strict);
        await scene.IsCachedByBothAsync();
        HoldWrites(scene, api);
        var write = scene.WriteAsync();
        await api.ReachedAsync();

        way.Cut();
        await Eventually.TrueAsync(async () => (await TroubleScene.ReadAsync(scene.Other)).IsHit);
        api.Open();
        await Eventually.TrueAsync(() => scene.Version == "2");
        if (!comesBack)
        {
            Assert.Equal(("1", true), await TroubleScene.ReadAsync(scene.Other));
            await Eventually.TrueAsync(() =>
            {
                time.Leap(TimeSpan.FromSeconds(1));
                return write.IsCompleted;
            });
            using var refused = await write;
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.Equal(
                "cacheproxy; fwd=method; fwd-status=200; detail=eviction-outstanding", Assert.Single(refused.Headers.GetValues("Cache-Status")));
            return;
        }

        way.Restore();
        using var answer = await write;
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("2", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("2", (await TroubleScene.ReadAsync(scene.Other)).Body);
        await scene.IsCachedByBothAsync();
    }

    [Fact]
    public async Task A_strict_write_whose_fence_stands_is_acknowledged_and_nobody_is_served_what_it_replaced()
    {
        var api = new Gate();
        await using var server = await RedisServer.StartAsync();
        await using var way = TcpRelay.To(server.Port);
        await using var scene = await TroubleScene.StartAsync(
            server.ConnectionString, way: way.ConnectionString, settings: [Strict[0], ("CacheProxy:Policies:customer:WriteDeadline", "00:05:00")]);
        await scene.IsCachedByBothAsync();
        HoldWrites(scene, api);
        var write = scene.WriteAsync();
        await api.ReachedAsync();

        way.Cut();
        api.Open();
        using var answer = await write;

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(("2", false), await TroubleScene.ReadAsync(scene.Other));
        Assert.Equal(("2", false), await TroubleScene.ReadAsync(scene.Other));
        way.Restore();
        await scene.IsCachedByBothAsync();
    }

    [Fact]
    public async Task A_fence_that_was_set_too_late_for_a_refused_write_is_withdrawn_when_Redis_is_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(
            server.ConnectionString, settings: [Strict[0], ("CacheProxy:Policies:customer:WriteDeadline", "00:05:00")]);
        await scene.IsCachedByBothAsync();
        server.Hang();
        // Two steps that time out; the write's is the third, and opens the breaker.
        await TroubleScene.ReadAsync(scene.One);
        await TroubleScene.ReadAsync(scene.One);
        using var refused = await scene.WriteAsync();
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.False(scene.One.IsStoreAvailable);

        server.Release();
        await Eventually.TrueAsync(() => scene.One.IsStoreAvailable);

        await Eventually.TrueAsync(async () => !(await server.FieldsAsync(TroubleScene.Key)).Contains("fence"));
        await scene.IsCachedByBothAsync();
    }

    // The customer of TroubleScene stands at the gate before it changes.
    private static void HoldWrites(TroubleScene scene, Gate gate)
    {
        var answer = scene.Api.Handler;
        scene.Api.Handler = async context =>
        {
            if (context.Request.Method == "PUT" && context.Request.Path == TroubleScene.Path)
            {
                await gate.PassAsync();
            }

            await answer(context);
        };
    }

    private static bool IsPending(TroubleScene scene, string key) =>
        scene.One.Services.GetRequiredService<PendingEvictions>().MustForward(new ResourceKey(key));
}
