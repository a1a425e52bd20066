using System.Collections.Concurrent;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>What a client without rights can do to the cache of a resource, and that what bounds it costs nobody the promise.</summary>
public sealed class FutileFenceTests
{
    private static readonly (string, string?)[] Quick =
    [
        ("CacheProxy:Policies:customer:WriteDeadline", "00:00:01"), ("CacheProxy:Policies:customer:WriteLimit", "00:00:01"),
    ];

    private static readonly (string, string?)[] Two = [("CacheProxy:Policies:customer:FutileFencesPerMinute", "2")];

    [Fact]
    public async Task A_small_body_is_there_before_the_fence_is_set()
    {
        var arrived = new ConcurrentQueue<string>();
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            arrived.Enqueue((await exchange.ReadBodyAsync()).FramedBody);
            scene.Commit();
            await exchange.WriteAsync(WriteScene.Answer("done"));
        });
        await using var client = await scene.ConnectAsync();
        await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 10\r\n") + "01234");
        for (var i = 0; i < 20; i++)
        {
            Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);
        }

        Assert.Empty(arrived);
        await client.WriteAsync("56789");

        Assert.Equal(200, (await client.ReadResponseAsync("PUT")).Status);
        Assert.Equal(["0123456789"], arrived);
        await scene.IsEvictedAsync();
    }

    [Fact]
    public async Task A_client_that_leaves_before_its_small_body_is_there_has_fenced_nothing()
    {
        await using var scene = await WriteScene.StartAsync((_, _) => throw new InvalidOperationException("The API has seen a part of it."));
        await using (var client = await scene.ConnectAsync())
        {
            await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 10\r\n") + "01234");
            for (var i = 0; i < 20; i++)
            {
                Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);
            }

            client.FinishWriting();
            await client.ReadToEndAsync();
        }

        Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);
        Assert.DoesNotContain(scene.Api.Requests, static request => request.Method == "PUT");
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n", "{}", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n", "1\r\n}\r\n0\r\n\r\n")]
    public async Task A_write_that_takes_too_long_keeps_the_resource_from_the_cache_no_longer_and_evicts_before_its_answer(
        string line, string first, string rest)
    {
        var arrived = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                arrived.SetResult();
                await exchange.ReadBodyAsync();
                await goOn.Task;
                scene.Commit();
                await exchange.WriteAsync(WriteScene.Answer("done"));
            },
            settings: rest.Length == 0 ? Quick : [Quick[0], ("CacheProxy:Policies:customer:WriteLimit", "01:00:00")]);
        await using var client = await scene.ConnectAsync();
        await client.WriteAsync(WriteScene.Head("PUT", line) + first);
        await arrived.Task;
        await Eventually.TrueAsync(async () => (await scene.ReadAsync()).CacheStatus.Contains("; hit", StringComparison.Ordinal));

        await client.WriteAsync(rest);
        goOn.SetResult();

        Assert.Equal(200, (await client.ReadResponseAsync("PUT")).Status);
        await scene.IsEvictedAsync();
    }

    [Fact]
    public async Task From_a_client_that_was_refused_too_often_a_write_fences_only_what_the_API_may_have_changed()
    {
        var api = new Api();
        await using var scene = await WriteScene.StartAsync(api.AnswerAsync, settings: Two);
        await RefuseTwiceAsync(scene, api);

        // The API is at it, and may refuse it again: nobody is kept from the cache.
        api.Held = new Gate();
        var refused = scene.WriteAsync();
        await api.Held.ReachedAsync();
        Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);
        api.Held.Open();
        Assert.Equal(401, (await refused).Status);
        Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);

        // One that the API carries out is known before its answer.
        (api.Held, api.Status) = (null, 200);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await scene.WriteAsync()).Status);
            await scene.IsEvictedAsync();
        }
    }

    [Fact]
    public async Task What_the_API_makes_of_such_a_write_counts_although_its_client_has_left()
    {
        var api = new Api();
        await using var scene = await WriteScene.StartAsync(api.AnswerAsync, settings: [.. Two, WriteScene.ShortDeadline]);
        await RefuseTwiceAsync(scene, api);

        (api.Held, api.Status) = (new Gate(), 200);
        await using (var client = await scene.ConnectAsync())
        {
            await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 2\r\n") + "{}");
            await api.Held.ReachedAsync();
            client.Reset();
        }

        Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);
        api.Held.Open();

        await Eventually.TrueAsync(async () => scene.Version == "2" && (await scene.ReadAsync()).Body == "2");
        await scene.IsServedAgainAsync();
    }

    [Fact]
    public async Task A_strict_policy_wants_its_fence_whoever_asks()
    {
        var api = new Api();
        await using var scene = await WriteScene.StartAsync(
            api.AnswerAsync, settings: [.. Two, ("CacheProxy:Policies:customer:WriteConsistency", "Strict")]);
        await RefuseTwiceAsync(scene, api);

        api.Held = new Gate();
        var write = scene.WriteAsync();
        await api.Held.ReachedAsync();
        await scene.IsFencedAsync();
        api.Held.Open();
        Assert.Equal(401, (await write).Status);
    }

    private static async Task RefuseTwiceAsync(WriteScene scene, Api api)
    {
        for (var i = 0; i < 2; i++)
        {
            api.Held = new Gate();
            var write = scene.WriteAsync();
            await api.Held.ReachedAsync();
            await scene.IsFencedAsync();
            api.Held.Open();
            Assert.Equal(401, (await write).Status);
        }
    }

    private sealed class Api
    {
        /// <summary>Where writes wait, when they do.</summary>
        public Gate? Held { get; set; }

        public int Status { get; set; } = 401;

        public async Task AnswerAsync(WriteScene scene, RawUpstreamExchange exchange)
        {
            await exchange.ReadBodyAsync();
            await (Held?.PassAsync() ?? Task.CompletedTask);
            if (Status == 200)
            {
                scene.Commit();
            }

            await exchange.WriteAsync($"HTTP/1.1 {Status} X\r\nContent-Length: 2\r\n\r\nok");
        }
    }
}
