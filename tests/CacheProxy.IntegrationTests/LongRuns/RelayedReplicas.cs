using CacheProxy.IntegrationTests.Harness;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>Replicas on one Redis, each with a way of its own to it, before one API.</summary>
internal sealed class RelayedReplicas : IAsyncDisposable
{
    private readonly List<ILongRunHost> _hosts = [];
    private readonly List<ProxyUnderTest> _proxies = [];

    private RelayedReplicas(RedisServer redis, StubApi api, MessageTrouble[] messages) =>
        (Redis, Api, Messages, Ways) = (redis, api, messages, [.. messages.Select(way => TcpRelay.To(redis.Port, way.Fate))]);

    public RedisServer Redis { get; }

    public StubApi Api { get; }

    public IReadOnlyList<MessageTrouble> Messages { get; }

    public IReadOnlyList<TcpRelay> Ways { get; }

    public ILongRunHost[] Hosts => [.. _hosts];

    public IReadOnlyList<ProxyUnderTest> Proxies => _proxies;

    /// <summary>The one that is a process of its own.</summary>
    public ProcessHost? Mortal { get; private set; }

    public static async Task<RelayedReplicas> StartAsync(
        int count, int seed, bool cuts, bool oneIsKilled, (string Key, string? Value)[] configuration, string protocol)
    {
        var messages = Enumerable.Range(0, count).Select(way => new MessageTrouble(seed + way, cuts)).ToArray();
        var scene = new RelayedReplicas(await RedisServer.StartAsync(), await StubApi.StartAsync(), messages);
        foreach (var way in scene.Ways)
        {
            if (oneIsKilled && scene.Mortal is null)
            {
                scene.Mortal = await ProcessHost.StartAsync(scene.Api.Address, configuration, way.ConnectionString + protocol);
                scene._hosts.Add(scene.Mortal);
                continue;
            }

            var proxy = await ProxyUnderTest.StartAsync(scene.Api.Address, configuration, way.ConnectionString + protocol);
            scene._proxies.Add(proxy);
            scene._hosts.Add(new InProcessHost(proxy));
        }

        return scene;
    }

    /// <summary>Something else becomes of the messages from now on, on each way.</summary>
    public void Turn()
    {
        foreach (var messages in Messages)
        {
            messages.Turn();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Mortal?.Dispose();
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        foreach (var way in Ways)
        {
            await way.DisposeAsync();
        }

        await Api.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
