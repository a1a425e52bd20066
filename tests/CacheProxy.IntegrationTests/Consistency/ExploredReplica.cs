using CacheProxy.Filling;
using CacheProxy.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What one process holds beside the store: the product's own, without a host around it.</summary>
internal sealed class ExploredReplica
{
    private readonly FakeTimeProvider _time;
    private PendingEvictions _pending;
    private EvictionRetries _retries;

    public ExploredReplica(ICacheStore store, FakeTimeProvider time, Func<ICacheStore, ICacheStore> damage)
    {
        _time = time;
        Faults = new FaultyStore(store);
        Store = damage(Faults);
        Start();
    }

    public FaultyStore Faults { get; }

    public ResourceCache Cache { get; private set; }

    public Flights Flights { get; private set; }

    public bool HasPendingEvictions => _pending.Count > 0;

    /// <summary>The least version that a read through it must return.</summary>
    public int Promised { get; set; }

    private ICacheStore Store { get; }

    /// <summary>It was killed, and another takes its place, which knows nothing.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_pending), nameof(_retries), nameof(Cache), nameof(Flights))]
    public void Start()
    {
        _pending = new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance);
        Cache = new ResourceCache(Store, _pending, new LocalCopies(_time), new VaryHints(), new AbsentKeys());
        _retries = new EvictionRetries(_pending, Store, Cache, _time, NullLogger<EvictionRetries>.Instance);
        Flights = new Flights();
    }

    // The last attempt, which a process makes when it stops, is like all before it; and nothing but the explorer decides when it is made.
    public Task RetryAsync() => _retries.StopAsync(CancellationToken.None);

    /// <summary>The product's rule: a strict policy holds an answer back whose eviction is pending while no fence stands for it.</summary>
    public bool Acknowledges(ResourceFence fence, bool isStrict, StoreOutcome end) => !isStrict || end == StoreOutcome.Done || fence.Stands(_time);
}

/// <summary>Whether the client of a write is told that it succeeded.</summary>
internal delegate bool AcknowledgeRule(ResourceFence fence, bool isStrict, StoreOutcome end);
