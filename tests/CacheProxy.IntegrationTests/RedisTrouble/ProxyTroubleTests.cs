using System.Net;
using System.Net.Sockets;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>
/// The whole product on a failing Redis, as clients see it: the API answers, the replica that a write went through serves nothing older,
/// no other replica does once Redis has the eviction, caching resumes by itself, and the log has one line for each change of state.
/// </summary>
public abstract class ProxyTroubleTests(string protocol)
{
    private static readonly string[] NeverLeft = ["available"];
    private static readonly string[] LeftAndCameBack = ["available", "unavailable", "available"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redis_killed_and_restarted(bool withData)
    {
        await using var server = await RedisServer.StartAsync();
        await SurviveAsync(
            server,
            async () =>
            {
                if (withData)
                {
                    await server.SaveAsync();
                }

                await server.KillAsync();
            },
            server.RestartAsync,
            LeftAndCameBack);
    }

    [Fact]
    public async Task Redis_hanging_and_released()
    {
        await using var server = await RedisServer.StartAsync();
        await SurviveAsync(
            server,
            () =>
            {
                server.Hang();
                return Task.CompletedTask;
            },
            () =>
            {
                server.Release();
                return Task.CompletedTask;
            },
            LeftAndCameBack);
    }

    [Fact]
    public async Task Redis_slower_than_the_timeout()
    {
        await using var server = await RedisServer.StartAsync();
        await SurviveAsync(server, () => server.SendAsync("CLIENT", "PAUSE", "4000", "ALL"), static () => Task.CompletedTask, LeftAndCameBack);
    }

    [Fact]
    public async Task Redis_full()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        await SurviveAsync(
            server, () => server.ConfigureAsync("maxmemory", "1"), () => server.ConfigureAsync("maxmemory", "0"), NeverLeft);
    }

    [Fact]
    public async Task Redis_demoted_to_a_read_only_replica()
    {
        await using var server = await RedisServer.StartAsync();
        await SurviveAsync(
            server, () => server.SendAsync("REPLICAOF", "127.0.0.1", "1"), () => server.SendAsync("REPLICAOF", "NO", "ONE"), LeftAndCameBack);
    }

    [Fact]
    public async Task Redis_without_its_scripts()
    {
        await using var server = await RedisServer.StartAsync();
        await SurviveAsync(server, () => server.SendAsync("SCRIPT", "FLUSH"), static () => Task.CompletedTask, NeverLeft);
    }

    [Fact]
    public async Task A_key_of_ours_that_is_somebody_elses()
    {
        await using var server = await RedisServer.StartAsync();
        await SurviveAsync(
            server,
            () => server.SendAsync("SET", TroubleScene.Key, "foreign"),
            async () =>
            {
                Assert.Equal("foreign", await server.TextAsync("GET", TroubleScene.Key));
                await server.SendAsync("DEL", TroubleScene.Key);
            },
            NeverLeft);
    }

    [Fact]
    public async Task Redis_that_wants_another_password()
    {
        await using var server = await RedisServer.StartAsync();
        using var administrator = await RespConnection.OpenAsync(server.Port, TestContext.Current.CancellationToken);
        await SurviveAsync(
            server,
            async () =>
            {
                await administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "requirepass", "another");
                await administrator.SendAsync(TestContext.Current.CancellationToken, "CLIENT", "KILL", "TYPE", "normal");
            },
            () => administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "requirepass", ""),
            LeftAndCameBack);
    }

    [Fact]
    public async Task Redis_that_takes_no_more_connections()
    {
        await using var server = await RedisServer.StartAsync();
        using var administrator = await RespConnection.OpenAsync(server.Port, TestContext.Current.CancellationToken);
        await SurviveAsync(
            server,
            async () =>
            {
                await administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "maxclients", "1");
                await administrator.SendAsync(TestContext.Current.CancellationToken, "CLIENT", "KILL", "TYPE", "normal");
            },
            () => administrator.SendAsync(TestContext.Current.CancellationToken, "CONFIG", "SET", "maxclients", "100"),
            LeftAndCameBack);
    }

    [Fact]
    public async Task Redis_absent_at_the_start()
    {
        var port = RedisServer.FreePort();
        await using var scene = await TroubleScene.StartAsync($"127.0.0.1:{port}{protocol}", waitsForRedis: false);
        await AnswersWithoutTheCacheAsync(scene);
        await scene.One.Log.WaitForAsync("Redis is unavailable");

        await using var server = await RedisServer.StartAsync(port, password: null);
        await Eventually.TrueAsync(() => scene.One.IsStoreAvailable && scene.Other.IsStoreAvailable);
        await scene.IsCachedByBothAsync();
        Assert.Equal(LeftAndCameBack[1..], scene.LoggedStates());
    }

    [Fact]
    public async Task Something_that_is_not_Redis()
    {
        using var over = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var talking = TalkAsync(listener, over.Token);
        await using (var scene = await TroubleScene.StartAsync(listener.LocalEndpoint + ",connectTimeout=500" + protocol, waitsForRedis: false))
        {
            await AnswersWithoutTheCacheAsync(scene);
            Assert.DoesNotContain("available", scene.LoggedStates());
        }

        await over.CancelAsync();
        await talking;
    }

    private async Task SurviveAsync(RedisServer server, Func<Task> bring, Func<Task> lift, string[] states)
    {
        await using var scene = await TroubleScene.StartAsync(server.ConnectionString + protocol);
        await scene.IsCachedByBothAsync();

        await bring();
        await AnswersAfterAWriteAsync(scene);

        await lift();
        await scene.IsCachedByBothAsync();
        Assert.Equal(states, scene.LoggedStates());
    }

    private static async Task AnswersAfterAWriteAsync(TroubleScene scene)
    {
        using var write = await scene.WriteAsync();
        Assert.Equal(200, (int)write.StatusCode);
        for (var i = 0; i < 5; i++)
        {
            // This replica knows of the write. The other one may not, until Redis can pass it on; but it answers.
            Assert.Equal(scene.Version, (await TroubleScene.ReadAsync(scene.One)).Body);
            await TroubleScene.ReadAsync(scene.Other);
            Assert.Equal(scene.Version, (await TroubleScene.ReadAsync(scene.One, $"/api/customers/{i + 2}")).Body);
        }
    }

    private static async Task AnswersWithoutTheCacheAsync(TroubleScene scene)
    {
        await AnswersAfterAWriteAsync(scene);
        Assert.Equal((scene.Version, false), await TroubleScene.ReadAsync(scene.Other));
    }

    private static async Task TalkAsync(TcpListener listener, CancellationToken over)
    {
        var clients = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(over);
                clients.Add(client);
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes("\0\u0001\u00ff garbage\r\n"), over);
            }
        }
        catch (OperationCanceledException)
        {
            clients.ForEach(static client => client.Dispose());
        }
    }
}

public sealed class ProxyTroubleResp3Tests() : ProxyTroubleTests(RespProtocols.Resp3);

public sealed class ProxyTroubleResp2Tests() : ProxyTroubleTests(RespProtocols.Resp2);
