using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What lies between a replica and the store: calls that are not carried out, replies that are lost, calls that come late.</summary>
internal sealed class FaultyStore(ICacheStore store) : ICacheStore
{
    /// <summary>The party that takes a step now; <c>null</c> for readers who look whether a promise holds.</summary>
    public ReplicaPartyState? Caller { get; set; }

    public long NowMs => store.NowMs;

    public bool IsAvailable => store.IsAvailable;

    public Task FirstContact => store.FirstContact;

    public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) =>
        CallAsync(() => store.LookUpAsync(key, variant, budget), LookUpResult.Unavailable);

    public ValueTask<LookUpResult> LookUpOrBeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        CallAsync(() => store.LookUpOrBeginFillAsync(key, lease, budget), LookUpResult.Unavailable);

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        CallAsync(() => store.BeginFillAsync(key, lease, budget), BeginFillOutcome.Unavailable);

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        CallAsync(() => store.CompleteFillAsync(key, lease, result, budget), CompleteFillOutcome.Unavailable);

    public async ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => await CallAsync(
        async () =>
        {
            await store.AbandonFillAsync(key, lease, budget);
            return true;
        },
        false);

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0)
    {
        var caller = Caller;
        return CallAsync(
            () =>
            {
                caller?.Fence(token, deadline);
                return store.BeginWriteAsync(key, token, deadline, budget, number);
            },
            WriteStep.Unavailable);
    }

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
    {
        var caller = Caller;
        return CallAsync(
            () =>
            {
                caller?.Unfence(token, result);
                return store.EndWriteAsync(key, token, result, budget, number);
            },
            WriteStep.Unavailable);
    }

    public IIndexVersions? Versions => store.Versions;

    public ValueTask<Registration> RegisterAsync(
        ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) => CallAsync(
        () => store.RegisterAsync(key, dependent, life, mostDependents, budget), new Registration(RegistrationOutcome.Unavailable));

    public ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        CallAsync(() => store.BeginWriteOnIndexAsync(key, token, deadline, budget), IndexedWrite.Unavailable);

    public ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget) =>
        CallAsync(() => store.RenewWriteOnIndexAsync(key, token, deadline, budget), IndexRenewal.Unavailable);

    public ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget) =>
        CallAsync(() => store.EndWriteOnIndexAsync(key, token, changed, budget), IndexedWrite.Unavailable);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call, T unavailable)
    {
        if (Caller is not { } caller)
        {
            return await call();
        }

        switch (caller.NextFault())
        {
            case FaultKind.NotCarriedOut:
                return unavailable;
            case FaultKind.ReplyLost:
                await call();
                return unavailable;
            case FaultKind.Late:
                caller.Late.Enqueue(async () => await call());
                return unavailable;
            case FaultKind.None:
                break;
            default:
                throw new InvalidOperationException("No such fault.");
        }

        if (caller.BeforeTheStore is { } before)
        {
            await before.Task;
        }

        var result = await call();
        if (caller.AfterTheStore is { } after)
        {
            await after.Task;
        }

        return result;
    }
}
