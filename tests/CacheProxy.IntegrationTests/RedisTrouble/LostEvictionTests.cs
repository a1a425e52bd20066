using System.Globalization;
using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.LongRuns;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>Evictions that are lost with the one that knew of them: with a Redis that forgets, and with a replica that dies.</summary>
public sealed class LostEvictionTests
{
    private const int TtlSeconds = 300;

    [Fact]
    public async Task A_Redis_that_returns_with_old_data_is_not_trusted_with_what_it_held_before()
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

        Assert.Equal("1", await server.TextAsync("HGET", TroubleScene.Key, "body"));
        await scene.IsCachedByBothAsync();
        Assert.Equal("2", await server.TextAsync("HGET", TroubleScene.Key, "body"));
    }

    [Fact]
    public async Task A_fill_that_began_before_Redis_returned_with_old_data_is_shared_with_nobody()
    {
        await using var server = await RedisServer.StartAsync();
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        var gate = new Gate();
        scene.Api.Handler = async context =>
        {
            var version = scene.Version;
            if (HttpMethods.IsGet(context.Request.Method) && version == "1")
            {
                await gate.PassAsync();
            }

            await (HttpMethods.IsGet(context.Request.Method) ? context.Response.WriteAsync(version) : scene.AnswerAsync(context));
        };
        var leader = TroubleScene.ReadAsync(scene.One);
        await gate.ReachedAsync();
        await server.SaveAsync();
        using var write = await scene.WriteAsync(scene.Other);
        Assert.Equal(200, (int)write.StatusCode);
        await server.KillAsync();
        await Eventually.TrueAsync(() => !scene.One.IsStoreAvailable);
        await server.RestartAsync();
        await Eventually.TrueAsync(() => scene.One.IsStoreAvailable);
        Assert.StartsWith("fill:", Assert.Single(await server.FieldsAsync(TroubleScene.Key)), StringComparison.Ordinal);

        var follower = TroubleScene.ReadAsync(scene.One);
        await Eventually.TrueAsync(() => scene.One.Services.GetRequiredService<Flights>().Waiting == 1);
        gate.Open();

        Assert.Equal(("1", false), await leader);
        Assert.Equal(("2", false), await follower);
    }

    /// <summary>What no protocol can promise. docs/consistency.md says so, and what bounds it.</summary>
    [Fact]
    public async Task A_replica_that_is_killed_with_evictions_pending_takes_them_along_and_the_entries_live_no_longer_than_before()
    {
        await using var server = await RedisServer.StartAsync();
        using var administrator = await RespConnection.OpenAsync(server.Port, TestContext.Current.CancellationToken);
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString);
        using var mortal = await ProcessHost.StartAsync(scene.Api.Address, [], server.ConnectionString);
        await scene.IsCachedByBothAsync();
        await CutOffAsync(administrator, mortal.ProcessId);

        using var content = new StringContent("{}");
        using var write = await mortal.Client.PutAsync(TroubleScene.Path, content, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)write.StatusCode);
        await mortal.KillAsync();

        Assert.Equal(("1", true), await TroubleScene.ReadAsync(scene.Other));
        await administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "maxclients", "1000");
        Assert.InRange(await server.NumberAsync("TTL", TroubleScene.Key), 1, TtlSeconds);
        await server.SendAsync("DEL", TroubleScene.Key);
        await scene.IsCachedByBothAsync();
    }

    /// <summary>Ends one replica's connections, and lets it open no others.</summary>
    private static async Task CutOffAsync(RespConnection administrator, int processId)
    {
        var token = TestContext.Current.CancellationToken;
        var name = string.Create(CultureInfo.InvariantCulture, $" name=cacheproxy-{processId} ");
        string[] connections = [];
        await Eventually.TrueAsync(async () =>
        {
            var all = (string)(await administrator.SendAsync(token, "CLIENT", "LIST"))!;
            connections = [.. all.Split('\n').Where(line => line.Contains(name, StringComparison.Ordinal))];
            return connections.Length > 0;
        });
        await administrator.SendAsync(token, "CONFIG", "SET", "maxclients", "1");
        foreach (var connection in connections)
        {
            await administrator.SendAsync(token, "CLIENT", "KILL", "ID", connection.Split(' ')[0]["id=".Length..]);
        }
    }
}
