using System.Collections.Concurrent;
using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>From before the API sees a write to after its answer, nothing stored is served and nothing is stored.</summary>
public sealed class WriteUnderWayTests
{
    [Fact]
    public async Task Of_two_writes_that_overlap_the_second_keeps_the_fence_when_the_first_ends()
    {
        var writes = new BlockingCollection<TaskCompletionSource>();
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            await exchange.ReadBodyAsync();
            var goOn = new TaskCompletionSource();
            writes.Add(goOn);
            await goOn.Task;
            scene.Commit();
            await exchange.WriteAsync(WriteScene.Answer("done"));
        });

        var one = scene.WriteAsync();
        var endOfOne = await TakeAsync(writes);
        var other = scene.WriteAsync();
        var endOfOther = await TakeAsync(writes);
        endOfOne.SetResult();
        Assert.Equal(200, (await one).Status);
        await scene.IsFencedAsync();

        endOfOther.SetResult();
        Assert.Equal(200, (await other).Status);
        await scene.IsEvictedAsync();
    }

    [Fact]
    public async Task A_resource_whose_writer_has_died_is_cached_again_after_the_deadline()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync(WriteScene.Path);
        var budget = new StoreTimeoutBudget(TimeSpan.FromSeconds(10));
        await proxy.Store.BeginWriteAsync(new ResourceKey(WriteScene.Key), "dead", TimeSpan.FromSeconds(30), budget);
        Assert.Contains("write-under-way", (await proxy.AskAsync(WriteScene.Path)).CacheStatus, StringComparison.Ordinal);

        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal("3", (await proxy.AskAsync(WriteScene.Path)).Text);
        var again = await proxy.AskAsync(WriteScene.Path);
        Assert.Equal(("3", "cacheproxy; hit; ttl=300"), (again.Text, again.CacheStatus));
    }

    [Fact]
    public async Task A_write_that_takes_longer_than_its_deadline_renews_its_fence()
    {
        var arrived = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var server = await RedisServer.StartAsync();
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                await exchange.ReadBodyAsync();
                arrived.SetResult();
                await goOn.Task;
                scene.Commit();
                await exchange.WriteAsync(WriteScene.Answer("done"));
            },
            server.ConnectionString,
            WriteScene.ShortDeadline);

        var write = scene.WriteAsync();
        await arrived.Task;
        var first = await server.NumberAsync("HGET", WriteScene.Key, "fence");
        await Eventually.TrueAsync(async () => await RedisTimeMsAsync(server) > first);
        await scene.IsFencedAsync();
        Assert.NotEqual(first, await server.NumberAsync("HGET", WriteScene.Key, "fence"));
        goOn.SetResult();

        Assert.Equal(200, (await write).Status);
        Assert.Equal(0, await server.NumberAsync("EXISTS", WriteScene.Key));
        await scene.IsEvictedAsync();
    }

    [Fact]
    public async Task A_client_that_waits_for_100_Continue_is_behind_its_fence_before_it_sends_its_body()
    {
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            await exchange.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await exchange.ReadBodyAsync();
            scene.Commit();
            await exchange.WriteAsync(WriteScene.Answer("done"));
        });

        await using var client = await scene.ConnectAsync();
        await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 2\r\nExpect: 100-continue\r\n"));
        Assert.StartsWith("HTTP/1.1 100", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await scene.IsFencedAsync();
        await client.WriteAsync("{}");

        Assert.Equal(200, (await client.ReadResponseAsync("PUT")).Status);
        await scene.IsEvictedAsync();
    }

    [Fact]
    public async Task An_unsafe_request_that_changes_the_protocol_is_a_write_for_as_long_as_its_tunnel_is_open()
    {
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            await exchange.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: changes\r\n\r\n");
            await exchange.Connection.ReadAsync(1);
            scene.Commit();
            exchange.Close();
        });

        await using var client = await scene.ConnectAsync();
        await client.WriteAsync(WriteScene.Head("PUT", "Connection: Upgrade\r\nUpgrade: changes\r\n"));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await scene.IsFencedAsync();
        await client.WriteAsync("x");
        await client.ReadToEndAsync();

        await scene.IsServedAgainAsync();
    }

    [Fact]
    public async Task A_shutdown_waits_for_a_write_and_its_eviction()
    {
        var arrived = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var server = await RedisServer.StartAsync();
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                await exchange.ReadBodyAsync();
                arrived.SetResult();
                await goOn.Task;
                scene.Commit();
                await exchange.WriteAsync(WriteScene.Answer("done"));
            },
            server.ConnectionString);

        var write = scene.WriteAsync();
        await arrived.Task;
        var stopping = scene.Proxy.DisposeAsync().AsTask();
        await Eventually.TrueAsync(async () => !await AcceptsAsync(scene));
        Assert.False(stopping.IsCompleted);
        goOn.SetResult();

        Assert.Equal(200, (await write).Status);
        await stopping;
        Assert.Equal(0, await server.NumberAsync("EXISTS", WriteScene.Key));
    }

    private static Task<TaskCompletionSource> TakeAsync(BlockingCollection<TaskCompletionSource> writes) =>
        Task.Run(() => writes.Take(TestContext.Current.CancellationToken));

    private static async Task<long> RedisTimeMsAsync(RedisServer server)
    {
        var time = (object?[])(await server.SendAsync("TIME"))!;
        return (long.Parse((string)time[0]!, CultureInfo.InvariantCulture) * 1000)
            + (long.Parse((string)time[1]!, CultureInfo.InvariantCulture) / 1000);
    }

    private static async Task<bool> AcceptsAsync(WriteScene scene)
    {
        try
        {
            await using var connection = await scene.ConnectAsync();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
