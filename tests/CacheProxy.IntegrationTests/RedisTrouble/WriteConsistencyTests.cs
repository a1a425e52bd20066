using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>What becomes of a write whose fence cannot be set.</summary>
public sealed class WriteConsistencyTests
{
    // With so long a deadline a fence that was left behind would be noticed.
    private static readonly (string, string?)[] Strict =
    [
        ("CacheProxy:Policies:customer:WriteConsistency", "Strict"), ("CacheProxy:Policies:customer:WriteDeadline", "00:05:00"),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_strict_policy_refuses_the_write_before_the_API_sees_it(bool hangs)
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString, settings: Strict);
        await scene.IsCachedByBothAsync();
        if (hangs)
        {
            server.Hang();
        }
        else
        {
            await server.KillAsync();
        }

        using var refused = await scene.WriteAsync();
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        Assert.Equal(0, scene.Api.Count("PUT " + TroubleScene.Path));
        Assert.Equal(0, Pending(scene));
        Assert.Equal("1", (await TroubleScene.ReadAsync(scene.One)).Body);

        await (hangs ? ReleaseAsync(server) : server.RestartAsync());
        await Eventually.TrueAsync(async () =>
        {
            using var write = await scene.WriteAsync();
            return (int)write.StatusCode == 200;
        });
        await scene.IsCachedByBothAsync();
    }

    [Fact]
    public async Task A_best_effort_write_is_remembered_by_its_replica_and_reaches_the_others_when_Redis_does()
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        await scene.IsCachedByBothAsync();
        server.Hang();

        using var write = await scene.WriteAsync();
        Assert.Equal(200, (int)write.StatusCode);
        Assert.Equal(1, Pending(scene));

        server.Release();
        await scene.IsCachedByBothAsync();
        Assert.Single(scene.One.Log.Messages, static line => line.StartsWith("The store cannot take evictions", StringComparison.Ordinal));
        await scene.One.Log.WaitForAsync("All pending evictions have reached the store");
    }

    [Fact]
    public async Task A_write_that_the_API_refused_leaves_nothing_pending()
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        await server.KillAsync();
        scene.Api.Handler = static context =>
        {
            context.Response.StatusCode = 409;
            return Task.CompletedTask;
        };

        using var write = await scene.WriteAsync();
        Assert.Equal(409, (int)write.StatusCode);
        Assert.Equal(0, Pending(scene));
    }

    [Fact]
    public async Task A_replica_that_stops_makes_a_last_attempt_to_hand_over_its_evictions()
    {
        await using var server = await RedisServer.StartAsync();
        var scene = await TroubleScene.StartAsync(server.ConnectionString);
        await scene.IsCachedByBothAsync();
        server.Hang();
        using var write = await scene.WriteAsync();
        Assert.Equal(1, Pending(scene));
        server.Release();
        await Eventually.TrueAsync(() => scene.One.IsStoreAvailable);

        await scene.DisposeAsync();

        Assert.Equal(0, await server.NumberAsync("EXISTS", TroubleScene.Key));
    }

    private static int Pending(TroubleScene scene) => scene.One.Services.GetRequiredService<PendingEvictions>().Count;

    private static Task ReleaseAsync(RedisServer server)
    {
        server.Release();
        return Task.CompletedTask;
    }
}
