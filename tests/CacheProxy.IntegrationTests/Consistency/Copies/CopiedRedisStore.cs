using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Store;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// The product's scripts on a real Redis, one key for each interleaving. What they publish nobody hears: the test's bus has the same messages,
/// since each step says to whom they go.
/// </summary>
/// <param name="stores">For each replica those that take each other's place when it dies.</param>
/// <param name="database">By which the test looks and meddles.</param>
/// <param name="primary">Has the replication id of each key.</param>
/// <param name="number">Which explorer's it is.</param>
internal sealed class CopiedRedisStore(ICacheStore[][] stores, IDatabase database, ExploredPrimary primary, int number) : ICopiedStore
{
    private readonly int[] _started = new int[stores.Length];
    private ExploredRedisStore? _current;
    private int _keys;

    public FakeTimeProvider Time { get; } = new();

    public ReplicaBus Bus { get; } = new() { KeepsRepeats = false };

    public ResourceKey Key { get; private set; }

    private ExploredRedisStore Current => _current!;

    public ICacheStore Start(int replica)
    {
        var store = stores[replica][_started[replica]++ % stores[replica].Length];
        return new View(store, Bus.Join(store.Channel!.Replica), Bus);
    }

    public ValueTask RenewAsync()
    {
        // No number that has been acknowledged is another interleaving's.
        var name = string.Create(CultureInfo.InvariantCulture, $"demo:customer:{number}-{++_keys}");
        Key = new ResourceKey(name);
        _current = new ExploredRedisStore(stores[0][0], database, name, primary);
        Current.Learn();
        return default;
    }

    public async ValueTask<bool> HoldsNothingButEntriesAsync()
    {
        var now = 4_102_444_800_000 + (long)await database.StringGetAsync(Key.Value + ":clock");
        return (await database.HashGetAllAsync(Key.Value)).All(field => field.Name.ToString() switch
        {
            "meta" or "body" or "head" => true,
            var held when held.StartsWith("held:", StringComparison.Ordinal) =>
                long.Parse(field.Value.ToString().Split(' ')[0], CultureInfo.InvariantCulture) <= now,
            _ => false,
        });
    }

    public async ValueTask AdvanceAsync(TimeSpan time)
    {
        Time.Advance(time);
        await Current.AdvanceAsync(time);
    }

    public async ValueTask DeleteAsync() => await database.KeyDeleteAsync([Key.Value, Key.Value + ":clock", Key.Value + ":saved"]);

    public ValueTask SaveAsync() => Current.SaveAsync();

    public async ValueTask RestartAsync(bool withMemory)
    {
        await Current.LoseAsync(withMemory);
        Current.Learn();
    }

    private sealed class View(ICacheStore store, ReplicaChannel channel, ReplicaBus bus) : DamagedStores.DamagedStore(store)
    {
        public override IReplicaChannel? Channel => channel;

        public override async ValueTask<WriteStep> BeginWriteAsync(
            ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
            Told(key, await base.BeginWriteAsync(key, token, deadline, budget, number));

        public override async ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
            Told(key, await base.EndWriteAsync(key, token, result, budget, number));

        private WriteStep Told(ResourceKey key, WriteStep step)
        {
            foreach (var holder in step.Holders ?? [])
            {
                bus.Send(new ReplicaMessage(holder.Replica, key, channel.Replica));
            }

            return step;
        }
    }
}
