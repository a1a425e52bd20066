using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.LongRuns;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>
/// What no protocol can promise: evictions that were lost with the only one that knew of them. docs/consistency.md says so, and what bounds
/// it: the entry's expiry in Redis, a further write, or a key deleted by hand.
/// </summary>
public sealed class ForgottenEvictionTests
{
    private const int TtlSeconds = 300;

    [Fact]
    public async Task A_Redis_that_returns_with_old_data_has_forgotten_evictions_and_keeps_the_entries_no_longer_than_before()
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        await scene.IsCachedByBothAsync();
        await server.SaveAsync();
        using var write = await scene.WriteAsync();
        Assert.Equal(200, (int)write.StatusCode);
        await scene.IsCachedByBothAsync();

        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(async () => await TroubleScene.ReadAsync(scene.One) is ("1", true));
        Assert.InRange(await server.NumberAsync("TTL", TroubleScene.Key), 1, TtlSeconds);

        using var next = await scene.WriteAsync();
        Assert.Equal(200, (int)next.StatusCode);
        await scene.IsCachedByBothAsync();
    }

    [Fact]
    public async Task A_replica_that_is_killed_with_evictions_pending_takes_them_along_and_the_entries_live_no_longer_than_before()
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        using var mortal = await ProcessHost.StartAsync(scene.Api.Address, [], server.ConnectionString);
        await scene.IsCachedByBothAsync();
        await server.SaveAsync();
        await server.KillAsync();
        using var content = new StringContent("{}");
        using var write = await mortal.Client.PutAsync(TroubleScene.Path, content, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)write.StatusCode);
        await mortal.KillAsync();

        await server.RestartAsync();
        await Eventually.TrueAsync(async () => await TroubleScene.ReadAsync(scene.Other) is ("1", true));
        Assert.InRange(await server.NumberAsync("TTL", TroubleScene.Key), 1, TtlSeconds);

        await server.SendAsync("DEL", TroubleScene.Key);
        await scene.IsCachedByBothAsync();
    }
}
