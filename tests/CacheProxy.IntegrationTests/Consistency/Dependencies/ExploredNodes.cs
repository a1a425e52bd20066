using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>
/// A cluster of two nodes as the replicas see it: one has the customers, the other the pets and their indexes. Each has a clock of its own, and
/// the second can be restarted, empty or with what it had saved.
/// </summary>
internal sealed class ExploredNodes : ICacheStore
{
    // Nobody may compare the time of one with that of the other.
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Apart = TimeSpan.FromHours(3);

    private readonly FakeTimeProvider _customersTime = new(Noon);
    private readonly FakeTimeProvider _petsTime = new(Noon - Apart);
    private readonly MemoryStore _customers;
    private MemoryStore _pets;
    private MemoryStore? _saving;
    private MemoryStore? _saved;
    private int _version = 1;

    public ExploredNodes()
    {
        _customers = new MemoryStore(_customersTime);
        _pets = new MemoryStore(_petsTime);
    }

    public long NowMs => _customers.NowMs;

    /// <summary>How far the clock of the pets' node is ahead of the other's.</summary>
    public static TimeSpan PetsAhead => -Apart;

    public bool IsAvailable => true;

    public Task FirstContact => Task.CompletedTask;

    public IIndexVersions? Versions => new Known(_version);

    /// <summary>The clocks of the nodes go on, the second a little faster or slower.</summary>
    /// <param name="time">For how long.</param>
    /// <param name="drift">By how much the second gains.</param>
    public void Advance(TimeSpan time, TimeSpan drift = default)
    {
        _customersTime.Advance(time);
        _petsTime.Advance(time + drift);
    }

    /// <summary>The second node will come back with what it has had until now.</summary>
    public void Save() => (_saved, _saving) = (_saving, null);

    /// <summary>From here on everything that happens to the second node is remembered, until <see cref="Save"/>.</summary>
    public async Task BeginSavingAsync()
    {
        foreach (var old in (MemoryStore?[])[_saving, _saved])
        {
            await (old?.DisposeAsync() ?? default);
        }

        (_saving, _saved) = (new MemoryStore(_petsTime), null);
    }

    /// <summary>The second node comes back. Everybody knows it at once: the connections to it have broken.</summary>
    public async Task RestartAsync(bool withMemory)
    {
        await _pets.DisposeAsync();
        _pets = withMemory && _saved is not null ? _saved : new MemoryStore(_petsTime);
        (_saved, _saving) = (null, null);
        _version++;
    }

    /// <summary>The index goes with its resource.</summary>
    public void DeleteIndex(ResourceKey pet) => _pets.DeleteIndex(pet);

    /// <summary>Whether anything is left on either node.</summary>
    public bool IsEmpty()
    {
        _customers.Sweep();
        _pets.Sweep();
        return _customers.Count == 0 && _pets.Count == 0 && _pets.Indexes == 0;
    }

    public string NewFillToken(ResourceKey key) => _customers.NewFillToken(key);

    public int NodeOf(ResourceKey key) => IsPet(key) ? 1 : 0;

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => _customers.LookUpAsync(key, variant, budget);

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => _customers.BeginFillAsync(key, lease, budget);

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        _customers.CompleteFillAsync(key, lease, result, budget);

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => _customers.AbandonFillAsync(key, lease, budget);

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        OnBoth(key, store => store.BeginWriteAsync(key, token, deadline, budget, number));

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
        OnBoth(key, store => store.EndWriteAsync(key, token, result, budget, number));

    public ValueTask<Registration> RegisterAsync(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
        OnBoth(key, store => store.RegisterAsync(key, dependent, life, mostDependents, budget));

    public ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        OnBoth(key, store => store.BeginWriteOnIndexAsync(key, token, deadline, budget));

    public ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        OnBoth(key, store => store.RenewWriteOnIndexAsync(key, token, deadline, budget));

    public ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        OnBoth(key, store => store.EndWriteOnIndexAsync(key, token, changed, budget));

    public async ValueTask DisposeAsync()
    {
        await _customers.DisposeAsync();
        await _pets.DisposeAsync();
    }

    private static bool IsPet(ResourceKey key) => key.Value.Contains(":pet:", StringComparison.Ordinal);

    // The steps are what a saved state is made of: the same ones lead to the same state.
    private T OnBoth<T>(ResourceKey key, Func<MemoryStore, T> step)
    {
        if (!IsPet(key))
        {
            return step(_customers);
        }

        if (_saving is not null)
        {
            step(_saving);
        }

        return step(_pets);
    }

    private sealed class Known(int version) : IIndexVersions
    {
        public string? Of(string key) => version.ToString(System.Globalization.CultureInfo.InvariantCulture);

        public bool MayDrop(string key) => false;
    }
}
