using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>
/// One party of the product's own code, stopped before each of its calls to the store that matter to others, until the explorer gives it the turn.
/// </summary>
internal sealed class PartyTurns(DependencyParty party)
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private TaskCompletionSource _settled = new();
    private int _taken;
    private int _calls;

    public DependencyParty Party => party;

    /// <summary>What it does, from its first turn on.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>What it read from the API, or made it commit.</summary>
    public int Version { get; set; }

    /// <summary>Whether it may take a turn.</summary>
    public bool CanGoOn => _waiting.Count > 0 && (party.Steps == 0 || _taken < party.Steps);

    public bool HasCrashed => party.Steps > 0 && _taken >= party.Steps && _waiting.Count > 0;

    /// <summary>How many turns it has taken.</summary>
    public int Taken => _taken;

    public Task NextAsync()
    {
        var turn = new TaskCompletionSource();
        _waiting.Enqueue(turn);
        _settled.TrySetResult();
        return turn.Task;
    }

    /// <summary>Gives it the turn, and waits until it wants the next one or has ended.</summary>
    public async Task GoOnAsync()
    {
        _taken++;
        _settled = new TaskCompletionSource();
        var turn = _waiting.Dequeue();
        if (_waiting.Count > 0)
        {
            // It waits for another one already.
            _settled.SetResult();
        }

        turn.SetResult();
        await Task.WhenAny(_settled.Task, Work);
        if (Work.IsFaulted)
        {
            await Work;
        }
    }

    public FaultKind NextFault() => _calls++ == party.FailingCall ? party.Fault : FaultKind.None;
}

/// <summary>The way from the replicas to the store: each call of a party is a turn, and may fail.</summary>
internal sealed class TurnedStore(ICacheStore store) : ICacheStore
{
    /// <summary>Who takes a step now; <c>null</c> for readers, who look whether the promise holds.</summary>
    public PartyTurns? Now { get; set; }

    public long NowMs => store.NowMs;

    public bool IsAvailable => true;

    public Task FirstContact => store.FirstContact;

    public IIndexVersions? Versions => store.Versions;

    public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

    public int NodeOf(ResourceKey key) => store.NodeOf(key);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => store.LookUpAsync(key, variant, budget);

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => store.BeginFillAsync(key, lease, budget);

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        CallAsync(() => store.CompleteFillAsync(key, lease, result, budget), CompleteFillOutcome.Unavailable);

    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => store.AbandonFillAsync(key, lease, budget);

    // Of the pet's own fence only its index matters to the customer.
    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        store.BeginWriteAsync(key, token, deadline, budget, number);

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
        key.Value.Contains(":pet:", StringComparison.Ordinal)
            ? store.EndWriteAsync(key, token, result, budget, number)
            : CallAsync(() => store.EndWriteAsync(key, token, result, budget, number), WriteStep.Unavailable);

    public ValueTask<Registration> RegisterAsync(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
        CallAsync(() => store.RegisterAsync(key, dependent, life, mostDependents, budget), new Registration(RegistrationOutcome.Unavailable));

    public ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        CallAsync(() => store.BeginWriteOnIndexAsync(key, token, deadline, budget), IndexedWrite.Unavailable);

    public ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        CallAsync(() => store.RenewWriteOnIndexAsync(key, token, deadline, budget), IndexRenewal.Unavailable);

    public ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        CallAsync(() => store.EndWriteOnIndexAsync(key, token, changed, budget), IndexedWrite.Unavailable);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call, T unavailable)
    {
        if (Now is not { } caller)
        {
            return await call();
        }

        var fault = caller.NextFault();
        await caller.NextAsync();
        if (fault != FaultKind.NotCarriedOut)
        {
            var result = await call();
            return fault == FaultKind.None ? result : unavailable;
        }

        return unavailable;
    }
}
