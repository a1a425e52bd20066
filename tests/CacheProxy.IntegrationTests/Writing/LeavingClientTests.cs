using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>
/// A client that leaves tells nothing of what becomes of its write: what was stored is evicted, and nothing is stored before the API must
/// be through with it.
/// </summary>
public sealed class LeavingClientTests
{
    [Fact]
    public async Task A_client_that_leaves_before_its_write_is_complete_leaves_a_fence_for_the_deadline()
    {
        var arrived = new TaskCompletionSource();
        await using var scene = await WriteScene.StartAsync(
            async (_, exchange) =>
            {
                arrived.SetResult();
                await exchange.ReadBodyAsync();
            },
            settings: WriteScene.ShortDeadline);

        await using (var client = await scene.ConnectAsync())
        {
            // A body of a declared and small length would not have reached the API by now.
            await client.WriteAsync(WriteScene.Head("PUT", "Transfer-Encoding: chunked\r\n") + "1\r\n{\r\n");
            await arrived.Task;
            client.Reset();
        }

        await scene.IsFencedAsync();
        await scene.IsServedAgainAsync();
    }

    [Fact]
    public async Task A_client_that_leaves_during_its_write_is_no_reason_to_serve_what_the_write_replaces()
    {
        var arrived = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                await exchange.ReadBodyAsync();
                arrived.SetResult();
                await goOn.Task;
                scene.Commit();
            },
            settings: WriteScene.ShortDeadline);

        await using (var client = await scene.ConnectAsync())
        {
            await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 2\r\n") + "{}");
            await arrived.Task;
            client.Reset();
        }

        await scene.IsFencedAsync();
        goOn.SetResult();
        await Eventually.TrueAsync(() => scene.Version == "2");
        await scene.IsServedAgainAsync();
    }

    [Fact]
    public async Task A_client_that_leaves_with_its_answer_leaves_no_fence()
    {
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            await exchange.ReadBodyAsync();
            scene.Commit();
            await exchange.WriteAsync(WriteScene.Answer("done"));
        });

        await using (var client = await scene.ConnectAsync())
        {
            await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 2\r\n") + "{}");
            Assert.Equal(200, (await client.ReadResponseAsync("PUT")).Status);
            client.Reset();
        }

        await scene.IsEvictedAsync();
    }
}
