using System.Globalization;
using System.Net;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using CacheProxy.Tests.Store;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using ReplicaMessage = CacheProxy.Tests.Store.ReplicaMessage;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// The product's scripts on a real Redis, one key for each interleaving. What they publish nobody hears: the test's bus has the same messages,
/// since each step says to whom they go.
/// </summary>
/// <param name="stores">For each replica those that take each other's place when it dies.</param>
/// <param name="database">By which the test looks and meddles.</param>
/// <param name="primary">Has the replication id of each key.</param>
/// <param name="number">Which explorer's it is.</param>
/// <param name="system">Who takes steps.</param>
internal sealed class CopiedRedisStore(ICacheStore[][] stores, IDatabase database, ExploredPrimary primary, int number, CopyParty[] system) : ICopiedStore
{
    private static readonly RedisScripts Scripts = new(ExploredRedisStore.Clock);

    private readonly int[] _started = new int[stores.Length];
    private readonly View?[] _views = new View?[stores.Length];
    private readonly bool _hasTag = Array.Exists(system, static party => party.IsOfTag);
    private readonly LongestLease _longest = LongestIn(system);
    private ExploredRedisStore? _current;
    private ExploredRedisStore? _ofTag;
    private ExploredNode? _node;
    private int _keys;

    public FakeTimeProvider Time { get; } = new();

    public ReplicaBus Bus { get; } = new() { KeepsRepeats = false };

    public ResourceKey Key { get; private set; }

    public ResourceKey Tag { get; private set; }

    private ExploredRedisStore Current => _current!;

    private bool KnowsGrace => _longest.Length > TimeSpan.Zero;

    public ICacheStore Start(int replica)
    {
        var store = stores[replica][_started[replica]++ % stores[replica].Length];
        return _views[replica] = new View(store, Bus.Join(store.Channel!.Replica), Bus, primary);
    }

    public async ValueTask RenewAsync()
    {
        // No number that has been acknowledged is another interleaving's.
        var name = string.Create(CultureInfo.InvariantCulture, $"demo:customer:{number}-{++_keys}");
        Key = new ResourceKey(name);
        _current = new ExploredRedisStore(stores[0][0], database, name, primary);
        Tag = new ResourceKey("tag:" + name);
        _ofTag = _hasTag ? new ExploredRedisStore(stores[0][0], database, Tag.Value, primary) : null;
        Learn();
        if (KnowsGrace)
        {
            // It has been in use for longer than anything is held.
            await database.HashSetAsync(_node!.SinceKey, "since", "4102444700000");
            foreach (var view in _views.OfType<View>())
            {
                view.Uses = null;
                await ProbeAsync(view);
            }
        }
    }

    public ValueTask ProbeAsync(int replica) => KnowsGrace ? new(ProbeAsync(_views[replica]!)) : default;

    public async ValueTask<bool> HoldsNothingButEntriesAsync() =>
        await HoldsNothingButEntriesAsync(Key) && (!_hasTag || await HoldsNothingButEntriesAsync(Tag));

    private async Task<bool> HoldsNothingButEntriesAsync(ResourceKey key)
    {
        var now = 4_102_444_800_000 + (long)await database.StringGetAsync(ClockOf(key));
        return (await database.HashGetAllAsync(key.Value)).All(field => field.Name.ToString() switch
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
        await (_ofTag?.AdvanceAsync(time) ?? default);
        if (KnowsGrace)
        {
            await database.StringIncrementAsync(ClockOf(_node!.SinceKey), (long)time.TotalMilliseconds);
        }
    }

    public async ValueTask DeleteAsync()
    {
        await DeleteAsync(Key.Value);
        await (_hasTag ? DeleteAsync(Tag.Value) : Task.CompletedTask);
        await (KnowsGrace ? DeleteAsync(_node!.SinceKey) : Task.CompletedTask);
    }

    public async ValueTask SaveAsync()
    {
        await Current.SaveAsync();
        await (_ofTag?.SaveAsync() ?? default);
    }

    public async ValueTask RestartAsync(bool withMemory)
    {
        await Current.LoseAsync(withMemory);
        await (_ofTag?.LoseAsync(withMemory) ?? default);
        await (KnowsGrace ? DeleteAsync(_node!.SinceKey) : Task.CompletedTask);
        Learn();
        if (KnowsGrace)
        {
            // The clock goes on.
            await database.KeyCopyAsync(ClockOf(Key), ClockOf(_node!.SinceKey), replace: true);
        }
    }

    private static RedisKey ClockOf(ResourceKey key) => ClockOf(key.Value);

    private static RedisKey ClockOf(string key) => key + ":clock";

    // Where no Redis comes into use, all have been in use for long, and nothing has to be asked.
    private static LongestLease LongestIn(CopyParty[] system)
    {
        var longest = new LongestLease();
        longest.Raise(Array.Exists(system, static party => party.IsRestart) ? CopyRun.MemoryTtl : TimeSpan.Zero);
        return longest;
    }

    private void Learn()
    {
        _node = new ExploredNode(database, primary.Learn(Key.Value));
        primary.Join(Tag.Value, Key.Value);
    }

    // A process that starts knows of no node; one that has lost touch knows of the one before.
    private Task ProbeAsync(View view)
    {
        view.Uses ??= new ReplicationUses("", Scripts, _longest, static () => { }, Time);
        return view.Uses.NoteAsync(_node!, TimeSpan.FromSeconds(20));
    }

    private Task<long> DeleteAsync(string key) => database.KeyDeleteAsync([key, ClockOf(key), key + ":saved"]);

    /// <summary>The one node, as a replica's probe finds it.</summary>
    private sealed class ExploredNode(IDatabase database, string id) : RedisPrimary(database)
    {
        public string SinceKey => "cacheproxy:since:" + id;

        public override IReadOnlyList<IServer> Servers => [];

        public override IReadOnlyCollection<string> ReplicationIds => [id];

        public override string ReplicationIdOf(string key) => id;

        public override bool MayDrop(string key) => false;

        public override void Doubt(EndPoint? endPoint) => throw new NotSupportedException("Nobody doubts it.");
    }

    /// <summary>A process's own: what it knows of the Redis that it uses, and the messages that its steps send.</summary>
    private sealed class View(ICacheStore store, ReplicaChannel channel, ReplicaBus bus, ExploredPrimary primary) : DamagedStores.DamagedStore(store)
    {
        public ReplicationUses? Uses { get; set; }

        public override IReplicaChannel? Channel => channel;

        public override async ValueTask<WriteStep> BeginWriteAsync(
            ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0)
        {
            var id = primary.ReplicationIdOf(key.Value);
            return Told(key, await base.BeginWriteAsync(key, token, deadline, budget, number), id);
        }

        public override async ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
        {
            var id = primary.ReplicationIdOf(key.Value);
            return Told(key, await base.EndWriteAsync(key, token, result, budget, number), id);
        }

        private WriteStep Told(ResourceKey key, WriteStep step, string? id)
        {
            foreach (var holder in step.Holders ?? [])
            {
                bus.Send(new ReplicaMessage(holder.Replica, key, channel.Replica));
            }

            // As the store does it, whose clock stands still here.
            return Uses is null ? step : step with { Grace = Uses.GraceOf(id) };
        }
    }
}
