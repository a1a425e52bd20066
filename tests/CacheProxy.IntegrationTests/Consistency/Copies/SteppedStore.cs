using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// What lies between a replica and the store: a party's call is carried out at one of its turns, and has its reply at the next. What a replica
/// gives back by itself is carried out when the explorer says so.
/// </summary>
internal sealed class SteppedStore(ICacheStore store, SteppedContext context) : ICacheStore
{
    private const string AtTheTag = " at the tag";

    private int _holds;

    /// <summary>Calls that have been sent and not carried out.</summary>
    public Queue<LateCall> Late { get; } = new();

    /// <summary>Whether the store has come back as another one, and this replica has not found it yet: nothing that it sends is carried out.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>Whether a reader who only looks whether the promise holds takes leases, too.</summary>
    public bool HoldsForAll { get; set; }

    /// <summary>How many look-ups have come here.</summary>
    public int LookUps { get; private set; }

    /// <summary>How many leases were granted since this was asked last.</summary>
    public int TakeHolds() => Interlocked.Exchange(ref _holds, 0);

    public long NowMs => store.NowMs;

    public bool IsAvailable => store.IsAvailable && !IsCutOff;

    public Task FirstContact => store.FirstContact;

    public IReplicaChannel? Channel => store.Channel;

    public IIndexVersions? Versions => store.Versions;

    public string NewFillToken(ResourceKey key) => store.NewFillToken(key);

    public ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget)
    {
        LookUps++;
        return CallAsync(() => store.LookUpAsync(key, variant, budget), LookUpResult.Unavailable);
    }

    public async ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget)
    {
        LookUps++;
        if (CopyTurns.Current is null && !CopyTurns.IsQuick && !HoldsForAll)
        {
            return await CallAsync(() => store.LookUpAsync(key, variant, budget), LookUpResult.Unavailable);
        }

        return await CallAsync(
            async () =>
            {
                var found = await store.HoldAsync(key, variant, hold, budget);
                _holds += found.IsHeld ? 1 : 0;
                return found;
            },
            LookUpResult.Unavailable);
    }

    public ValueTask<TagState> LookUpTagAsync(ResourceKey tag, StoreTimeoutBudget budget)
    {
        LookUps++;
        return CallAsync(() => store.LookUpTagAsync(tag, budget), TagState.Unavailable, AtTheTag);
    }

    public async ValueTask<TagState> HoldTagAsync(ResourceKey tag, HoldRequest hold, StoreTimeoutBudget budget)
    {
        LookUps++;
        if (CopyTurns.Current is null && !CopyTurns.IsQuick && !HoldsForAll)
        {
            return await CallAsync(() => store.LookUpTagAsync(tag, budget), TagState.Unavailable, AtTheTag);
        }

        return await CallAsync(
            async () =>
            {
                var found = await store.HoldTagAsync(tag, hold, budget);
                _holds += found.IsHeld ? 1 : 0;
                return found;
            },
            TagState.Unavailable,
            AtTheTag);
    }

    public ValueTask<TagState> OpenTagAsync(ResourceKey tag, TimeSpan keep, StoreTimeoutBudget budget) =>
        CallAsync(() => store.OpenTagAsync(tag, keep, budget), TagState.Unavailable, AtTheTag);

    public ValueTask ReleaseAsync(ResourceKey key, long number, StoreTimeoutBudget budget)
    {
        var done = new TaskCompletionSource();
        Late.Enqueue(new LateCall(IsRelease: true, async () =>
        {
            if (!IsCutOff)
            {
                await context.WaitAsync(Released(store.ReleaseAsync(key, number, budget)));
            }

            done.SetResult();
        }));
        return new(done.Task);
    }

    public ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        CallAsync(() => store.BeginFillAsync(key, lease, budget), BeginFillOutcome.Unavailable);

    public ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget) =>
        CallAsync(() => store.CompleteFillAsync(key, lease, result, budget), CompleteFillOutcome.Unavailable);

    public async ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        await CallAsync(() => Released(store.AbandonFillAsync(key, lease, budget)), false);

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        CallAsync(() => store.BeginWriteAsync(key, token, deadline, budget, number), WriteStep.Unavailable);

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
        CallAsync(() => store.EndWriteAsync(key, token, result, budget, number), WriteStep.Unavailable);

    public ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0) =>
        CallAsync(() => store.MarkStaleAsync(key, token, budget, number), WriteStep.Unavailable);

    public ValueTask DisposeAsync() => default;

    private static async ValueTask<bool> Released(ValueTask step)
    {
        await step;
        return true;
    }

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call, T unavailable, string where = "")
    {
        if (CopyTurns.Current is not { } caller)
        {
            return await CarryOutAsync(call, unavailable);
        }

        var fault = caller.NextFault();
        await caller.IsCarriedOutAsync(where);
        var result = unavailable;
        switch (fault)
        {
            case FaultKind.NotCarriedOut:
                break;
            case FaultKind.Late:
                Late.Enqueue(new LateCall(IsRelease: false, async () => await CarryOutAsync(call, unavailable)));
                break;
            default:
                var done = await CarryOutAsync(call, unavailable);
                result = fault == FaultKind.None ? done : unavailable;
                break;
        }

        await caller.NextAsync(CopyTurns.Reply);
        return result;
    }

    private async ValueTask<T> CarryOutAsync<T>(Func<ValueTask<T>> call, T unavailable) => IsCutOff ? unavailable : await context.WaitAsync(call());
}

/// <summary>A call that nobody waits for, or whose caller has given up.</summary>
/// <param name="IsRelease">Whether it gives a lease back, and does nothing else.</param>
/// <param name="CarryOutAsync">Carries it out.</param>
internal readonly record struct LateCall(bool IsRelease, Func<ValueTask> CarryOutAsync);
