using System.Diagnostics.Metrics;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Store;
using CacheProxy.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>What one process holds beside the store: the product's own, without a host around it.</summary>
internal sealed class CopyReplica
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private readonly ICopiedStore _shared;
    private readonly SteppedContext _context;
    private readonly int _number;
    private readonly CopyDamage _damage;
    private PendingEvictions _pending;
    private EvictionRetries _retries;
    private LocalCopies _copies;
    private ICacheStore _store;
    private WriteServices? _writes;

    public CopyReplica(ICopiedStore shared, SteppedContext context, int number, CopyDamage damage)
    {
        (_shared, _context, _number, _damage) = (shared, context, number, damage);
        Start();
    }

    public SteppedStore Steps { get; private set; }

    public ResourceCache Cache { get; private set; }

    /// <summary>The end of the bus at this replica.</summary>
    public ReplicaChannel Bus { get; private set; }

    public string Name => Bus.Replica;

    public long Number(ResourceKey key) => _copies.Number(key);

    public bool HasPendingEvictions => _pending.Count > 0;

    /// <summary>What its handler of writes needs.</summary>
    public WriteServices Writes => _writes ??= new WriteServices(
        Cache, new CacheEventLog(NullLoggerFactory.Instance), new WriteMetrics(Meters, _store, _pending), _shared.Time);

    /// <summary>It was killed, and another takes its place, which knows nothing.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_pending), nameof(_retries), nameof(_copies), nameof(_store), nameof(Cache), nameof(Steps), nameof(Bus))]
    public void Start()
    {
        if (Steps is { } dead)
        {
            // What is left of it, as a timer of a write, sends nothing any more; and one that is left behind would make each move of the clock slower.
            dead.IsCutOff = true;
            _copies!.Dispose();
        }

        var view = _shared.Start(_number);
        Bus = _shared.Bus.ChannelOf(view.Channel!.Replica);
        Steps = new SteppedStore(view, _context);
        var (store, time) = _damage.Of(Steps, _shared.Time);
        // The writer's own clock is sound.
        var acknowledgements = new Acknowledgements(_shared.Time);
        _pending = new PendingEvictions(_shared.Time, NullLogger<PendingEvictions>.Instance);
        _copies = new LocalCopies(time) { HoldFrom = 1 };
        Cache = new ResourceCache(store, _pending, _copies, new VaryHints(), new AbsentKeys(), acknowledgements: acknowledgements);
        _retries = new EvictionRetries(_pending, store, Cache, _shared.Time, NullLogger<EvictionRetries>.Instance);
        _writes = null;
        _store = store;
        store.Channel!.Attach(_damage.Of(new CopyLeases(store, _copies, acknowledgements), _copies));
    }

    /// <summary>Nothing is left of what was played before. To raise all numbers would take longer than to play an order.</summary>
    public void Forget(ResourceKey key, ResourceKey tag)
    {
        _copies.Raise(key);
        _copies.Raise(tag);
        Steps.IsCutOff = false;
    }

    // The last attempt, which a process makes when it stops, is like all before it; and nothing but the explorer decides when it is made.
    public Task RetryAsync() => _retries.StopAsync(CancellationToken.None);
}
