using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Store;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Plays systems of replicas on the in-memory store and on a real Redis.</summary>
internal sealed class ReplicaExploration(ITestOutputHelper output)
{
    private const int RedisExplorers = 32;

    public Task<long> PlayInMemoryAsync(
        string name,
        Party[] system,
        Func<ICacheStore, ICacheStore>? storeDamage = null,
        Func<ICacheStore, ICacheStore>? damage = null,
        AcknowledgeRule? acknowledges = null,
        bool takesBlindly = false) => Exploration.PlayAsync(
            output,
            "memory, replicas, " + name,
            system,
            Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new ReplicaRun(
                new ExploredMemoryStore(storeDamage ?? DamagedStores.Sound), system, damage, acknowledges, takesBlindly)));

    public async Task<long> PlayInRedisAsync(string name, IEnumerable<Party[]> systems, Func<ICacheStore, ICacheStore>? damage = null)
    {
        await using var server = await RedisServer.StartAsync();
        // Its clock stands still, so that nothing but the explorer decides what it knows of Redis.
        await using var store = await RedisStores.OpenAsync(
            server, timeout: TimeSpan.FromSeconds(20), time: new FakeTimeProvider(), scripts: new RedisScripts(ExploredRedisStore.Clock));
        await using var connection = await RedisClient.ConnectAsync(
            RedisClient.Options(server.ConnectionString), static _ => { }, static () => { }, TestContext.Current.CancellationToken);
        var primary = new ExploredPrimary(connection.GetDatabase(), connection.GetServers()[0]);
        primary.PutInto(store);
        var total = 0L;
        foreach (var system in systems)
        {
            await server.SendAsync("FLUSHALL");
            total += await Exploration.PlayAsync(
                output,
                "Redis, replicas, " + name,
                system,
                [.. Enumerable.Range(0, RedisExplorers).Select(number => new ReplicaRun(
                    new ExploredRedisStore(store, connection.GetDatabase(), number, primary), system, damage))]);
        }

        return total;
    }
}
