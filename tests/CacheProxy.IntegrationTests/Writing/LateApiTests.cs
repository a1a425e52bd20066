using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>
/// An API that changes its data after everybody must take the write for over. Nothing tells a cache of that; docs/consistency.md says so,
/// and that the entry's lifetime bounds it.
/// </summary>
public sealed class LateApiTests
{
    [Fact]
    public async Task A_change_after_the_deadline_of_a_write_that_nobody_waited_for_is_unknown_until_the_entry_expires_or_the_next_write()
    {
        var late = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                await exchange.ReadBodyAsync();
                if (arrived.TrySetResult())
                {
                    await late.Task;
                }

                scene.Commit();
                await exchange.WriteAsync(WriteScene.Answer("done"));
            },
            settings: WriteScene.ShortDeadline);
        await using (var client = await scene.ConnectAsync())
        {
            await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 2\r\n") + "{}");
            await arrived.Task;
            client.Reset();
        }

        await scene.IsServedAgainAsync();
        late.SetResult();
        await Eventually.TrueAsync(() => scene.Version == "2");

        await IsOutdatedUntilTheNextWriteAsync(scene);
    }

    [Fact]
    public async Task A_change_after_the_API_has_answered_is_unknown_until_the_entry_expires_or_the_next_write()
    {
        var isAccepted = false;
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            await exchange.ReadBodyAsync();
            if (!isAccepted)
            {
                isAccepted = true;
                await exchange.WriteAsync("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
                return;
            }

            scene.Commit();
            await exchange.WriteAsync(WriteScene.Answer("done"));
        });
        Assert.Equal(202, (await scene.WriteAsync()).Status);
        await scene.IsEvictedAsync();
        scene.Commit();

        await IsOutdatedUntilTheNextWriteAsync(scene);
    }

    [Fact]
    public async Task A_change_by_a_write_that_nobody_waited_for_is_unknown_once_the_key_was_deleted_by_hand()
    {
        await using var server = await RedisServer.StartAsync();
        var late = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                await exchange.ReadBodyAsync();
                if (arrived.TrySetResult())
                {
                    await late.Task;
                }

                scene.Commit();
                await exchange.WriteAsync(WriteScene.Answer("done"));
            },
            server.ConnectionString);
        await using (var client = await scene.ConnectAsync())
        {
            await client.WriteAsync(WriteScene.Head("PUT", "Content-Length: 2\r\n") + "{}");
            await arrived.Task;
            client.Reset();
        }

        await Eventually.TrueAsync(async () => !(await server.FieldsAsync(WriteScene.Key)).Contains("meta"));
        await scene.IsFencedAsync();
        await server.SendAsync("DEL", WriteScene.Key);
        await scene.IsServedAgainAsync();
        late.SetResult();
        await Eventually.TrueAsync(() => scene.Version == "2");

        await IsOutdatedUntilTheNextWriteAsync(scene);
    }

    private static async Task IsOutdatedUntilTheNextWriteAsync(WriteScene scene)
    {
        var (body, status) = await scene.ReadAsync();
        Assert.NotEqual(scene.Version, body);
        var ttl = int.Parse(status[(status.IndexOf("ttl=", StringComparison.Ordinal) + 4)..]);
        Assert.InRange(ttl, 0, 300);

        Assert.Equal(200, (await scene.WriteAsync()).Status);
        await scene.IsEvictedAsync();
    }
}
