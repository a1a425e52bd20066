using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>
/// The protocol inside one process, without Redis. Entries may be dropped for lack of memory; fences, writes and leases never are. Expired
/// resources are removed every half minute.
/// </summary>
internal sealed partial class MemoryStore : ICacheStore
{
    private const long DefaultMaxBytes = 256L * 1024 * 1024;
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, MemoryResource> _resources = new(StringComparer.Ordinal);
    private readonly MemoryBudget _budget;
    private readonly MemoryIndexes _indexes;
    private readonly TenantKeys _tenants;
    private readonly Action<Budgeted> _dropped;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly long _originMs;
    private readonly ITimer _sweeper;

    /// <param name="time">The clock. After the start only its monotonic part is used.</param>
    /// <param name="maxBytes">How much memory the entries may take, roughly. Default: 256 MiB.</param>
    /// <param name="tenants">Tells whose keys they are; without it, all are one tenant's.</param>
    public MemoryStore(TimeProvider time, long maxBytes = DefaultMaxBytes, TenantKeys? tenants = null)
    {
        _time = time;
        _tenants = tenants ?? new TenantKeys();
        _budget = new MemoryBudget(maxBytes);
        _indexes = new MemoryIndexes(() => NowMs, _budget);
        _dropped = resource => RemoveIfEmpty_NeedsLock((MemoryResource)resource);
        _origin = time.GetTimestamp();
        _originMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        _sweeper = time.CreateTimer(static store => ((MemoryStore)store!).Sweep(), this, BetweenSweeps, BetweenSweeps);
    }

    public long NowMs => _originMs + (long)_time.GetElapsedTime(_origin).TotalMilliseconds;

    public bool IsAvailable => true;

    public Task FirstContact => Task.CompletedTask;

    public string NewFillToken(ResourceKey key) => Guid.NewGuid().ToString("N");

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => new(LookUp(key, variant));

    public ValueTask<LookUpResult> LookUpOrBeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        new(!_resources.ContainsKey(key.Value) && BeginFill(key, lease) == BeginFillOutcome.Granted
            ? LookUpResult.Miss("") with { Lease = lease }
            : LookUp(key, lease.Variant));

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => new(BeginFill(key, lease));

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
    {
        var outcome = CompleteFill(key, lease, result, out var filled);
        if (filled is not null)
        {
            _budget.Trim(filled, _dropped);
        }

        return new(outcome);
    }

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget)
    {
        if (TryEnter(key, out var resource))
        {
            using var entered = new Entered(this, resource);
            resource.TakeLease(lease, NowMs);
        }

        return default;
    }

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0)
    {
        var resource = Enter(key);
        using var entered = new Entered(this, resource);
        resource.RevokeLeases();
        resource.SetWrite(token, NowMs + (long)deadline.TotalMilliseconds);
        return new(WriteStep.Done);
    }

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
    {
        if (TryEnter(key, out var resource))
        {
            using var entered = new Entered(this, resource);
            var now = NowMs;
            if (result != WriteResult.Unknown)
            {
                resource.RemoveWrite(token);
            }

            // Another write that has passed its deadline may have changed the resource, whatever this one did.
            if (result != WriteResult.Unchanged || resource.HasUnknownWrite(now))
            {
                resource.Evict(now);
            }
        }

        return new(WriteStep.Done);
    }

    public ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0)
    {
        if (TryEnter(key, out var resource))
        {
            using var entered = new Entered(this, resource);
            resource.RevokeLeases();
            resource.MarkStale();
            if (resource.HasUnknownWrite(NowMs))
            {
                resource.Evict(NowMs);
            }
        }

        return new(WriteStep.Done);
    }

    public ValueTask<TenantUse?> UseOfAsync(string tenant, CountedEntry? stored, StoreTimeoutBudget budget) => new(_budget.UseOf(tenant));

    public IAsyncEnumerable<ResourceKey> KeysAsync(string pattern, CancellationToken cancellation) =>
        _resources.Keys.Concat(_indexes.Keys).Select(static key => new ResourceKey(key)).ToAsyncEnumerable();

    public IIndexVersions? Versions { get; } = new MemoryVersions();

    public ValueTask<Registration> RegisterAsync(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
        new(_indexes.Register(key, dependent, life, mostDependents));

    public ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        new(_indexes.BeginWrite(key, token, deadline));

    public ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        new(_indexes.RenewWrite(key, token, deadline));

    public ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        new(_indexes.EndWrite(key, token, changed));

    public ValueTask<StoredResource?> InspectAsync(ResourceKey key, StoreTimeoutBudget budget)
    {
        if (!TryEnter(key, out var resource))
        {
            return new(new StoredResource { NowMs = NowMs });
        }

        using var entered = new Entered(this, resource);
        return new(resource.Inspect(NowMs));
    }

    public ValueTask DisposeAsync() => _sweeper.DisposeAsync();

    /// <summary>Removes expired resources.</summary>
    internal void Sweep()
    {
        _indexes.Sweep();
        var now = NowMs;
        foreach (var (_, resource) in _resources)
        {
            lock (resource)
            {
                RemoveIfExpired_NeedsLock(resource, now);
            }
        }
    }

    private LookUpResult LookUp(ResourceKey key, VariantKey variant)
    {
        if (!TryEnter(key, out var resource))
        {
            return LookUpResult.Miss("");
        }

        using var entered = new Entered(this, resource);
        if (resource.HasFence)
        {
            return resource.HasLiveWrite(NowMs) ? LookUpResult.Fenced : LookUpResult.Miss("");
        }

        resource.IsUsed = true;
        return resource.Entry(variant) is { } entry && entry.DeadlineMs > NowMs
            ? new LookUpResult(LookUpOutcome.Found, resource.Vary, entry.Response, entry.Stamp)
            : LookUpResult.Miss(resource.Vary);
    }

    /// <summary>The resource with its lock held; created if it does not exist.</summary>
    private MemoryResource Enter(ResourceKey key)
    {
        MemoryResource? resource;
        while (!TryEnter(key, out resource))
        {
            var made = new MemoryResource(key.Value);
            Monitor.Enter(made);
            if (_resources.TryAdd(key.Value, made))
            {
                return made;
            }

            Monitor.Exit(made);
        }

        return resource;
    }

    /// <summary>The resource with its lock held, if it exists. Like a key in Redis, it does not exist once everything in it has expired.</summary>
    private bool TryEnter(ResourceKey key, [NotNullWhen(true)] out MemoryResource? resource)
    {
        while (_resources.TryGetValue(key.Value, out resource))
        {
            Monitor.Enter(resource);
            if (!resource.IsGone && !RemoveIfExpired_NeedsLock(resource, NowMs))
            {
                return true;
            }

            Monitor.Exit(resource);
        }

        return false;
    }

    private void RemoveIfEmpty_NeedsLock(MemoryResource resource)
    {
        if (resource.IsEmpty)
        {
            Remove_NeedsLock(resource);
        }
    }

    private bool RemoveIfExpired_NeedsLock(MemoryResource resource, long now)
    {
        if (resource.LongestDeadline() > now)
        {
            return false;
        }

        Remove_NeedsLock(resource);
        return true;
    }

    private void Remove_NeedsLock(MemoryResource resource)
    {
        if (!resource.IsGone)
        {
            resource.IsGone = true;
            _budget.Add(resource, -resource.Bytes, -resource.Count);
            resource.DropEntries();
            _resources.TryRemove(KeyValuePair.Create(resource.Key, resource));
        }
    }

    /// <summary>A resource whose lock is held. Leaving it counts its change in size, and removes it from the table if it is empty.</summary>
    private readonly ref struct Entered(MemoryStore store, MemoryResource resource)
    {
        private readonly long _bytesBefore = resource.Bytes;
        private readonly int _entriesBefore = resource.Count;

        public void Dispose()
        {
            store._budget.Add(resource, resource.Bytes - _bytesBefore, resource.Count - _entriesBefore);
            store.RemoveIfEmpty_NeedsLock(resource);
            Monitor.Exit(resource);
        }
    }
}
