using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The steps of writes. Each raises the resource's number before the store is asked, so that the step gives back what this replica holds, and
/// again when it has answered: what was on its way to become a copy becomes none. Holders in other replicas are collected by who waits for them.
/// </summary>
internal sealed partial class ResourceCache
{
    private readonly Acknowledgements _acknowledgements = acknowledgements ?? new Acknowledgements(TimeProvider.System);

    /// <summary>Collects the holders of what is evicted, to be waited for; <c>null</c> where this process alone has the store.</summary>
    public AwaitedHolders? Await() => store.Channel is { } channel ? new AwaitedHolders(_acknowledgements, channel) : null;

    /// <summary>Sets or renews the fence of a write; <see cref="ResourceFence.IsSet"/> tells whether the store has it.</summary>
    public async ValueTask BeginWriteAsync(ResourceFence fence)
    {
        var onIndex = fence.Index is { } index ? BeginOnIndexAsync(fence, index) : null;
        var isSet = await SetFenceAsync(fence, fence.Budget) == StoreOutcome.Done;
        fence.IsSet = (onIndex is null || await onIndex) && isSet;
    }

    /// <summary>Lets the fence of a write that goes on stand for its whole deadline once more.</summary>
    public async ValueTask<StoreOutcome> RenewAsync(ResourceFence fence, StoreTimeoutBudget budget) =>
        fence.Index is { } index
            ? await RenewOnBothAsync(fence, index, budget)
            : await SetFenceAsync(fence, budget);

    /// <summary>The write goes to the API although its fence is not set: this process forwards reads of the key until it is evicted.</summary>
    public void GoOnUnfenced(ResourceFence fence)
    {
        if (!fence.IsSet)
        {
            fence.IsLocal = true;
            pending.BeginUnfenced(fence.Key);
        }
    }

    /// <summary>Whether the store may lack an eviction of the resource that this process knows of.</summary>
    public bool IsEvictionPending(ResourceKey key) => pending.MustForward(key);

    /// <summary>Whether steps go to the store at all.</summary>
    public bool IsStoreAvailable => store.IsAvailable;

    /// <summary>The write never went to the API. A fence that was set nevertheless, too late to be told, is removed.</summary>
    public async ValueTask<StoreOutcome> WithdrawAsync(ResourceFence fence, StoreTimeoutBudget budget)
    {
        var onIndex = fence.Index is { } index ? EndOnIndexAsync(fence, index, changed: false, budget.Remaining) : null;
        var outcome = (await store.EndWriteAsync(fence.Key, fence.Token, WriteResult.Unchanged, budget)).Outcome;
        return onIndex is null || await onIndex ? outcome : StoreOutcome.Unavailable;
    }

    /// <summary>Ends a write. An eviction that the store cannot take is remembered and retried.</summary>
    /// <returns>Whether the store has it.</returns>
    public async ValueTask<StoreOutcome> EndWriteAsync(ResourceFence fence, WriteResult result)
    {
        // From now on nobody renews: the fence of a write whose outcome is unknown stands for its whole deadline once more.
        var onIndex = fence.Index is not { } index ? null
            : result == WriteResult.Unknown ? BeginOnIndexAsync(fence, index)
            : EndOnIndexAsync(fence, index, result == WriteResult.Changed, fence.Budget.Remaining);
        var stands = result == WriteResult.Unknown
            && await SetFenceAsync(fence, fence.Budget) == StoreOutcome.Done
            && !fence.IsLocal;
        var step = await store.EndWriteAsync(fence.Key, fence.Token, result, fence.Budget, copies.Raise(fence.Key));
        fence.Awaited?.Add(fence.Key, step);
        var outcome = onIndex is null || await onIndex ? step.Outcome : StoreOutcome.Unavailable;
        switch (result)
        {
            case WriteResult.Unchanged:
                // Nothing to evict: a fence that is left behind falls at its deadline.
                ForgetUnfenced(fence);
                break;
            case WriteResult.Changed when outcome == StoreOutcome.Done:
                absent.Evicted(fence.Key);
                ForgetUnfenced(fence);
                break;
            case WriteResult.Changed:
                Remember(fence, TimeSpan.Zero);
                break;
            case WriteResult.Unknown when outcome == StoreOutcome.Done && stands:
                break;
            case WriteResult.Unknown:
                // Whether a fence outlives this write in the store is not known, so this process is one until the API must be through.
                Remember(fence, fence.Deadline);
                break;
        }

        // Once the eviction is remembered, too: who has begun to read before that copies nothing.
        copies.Raise(fence.Key);
        return outcome;
    }

    /// <summary>
    /// Evicts a resource that had no fence, revokes fills of it that are under way, and waits until no replica serves it. An eviction that the
    /// store cannot take is remembered and retried.
    /// </summary>
    /// <param name="key">The resource.</param>
    /// <param name="token">Names the eviction; no other write has it.</param>
    /// <param name="budget">How long the request may still wait for the store.</param>
    /// <param name="hasDependents">Whether other policies' entries may contain it: then they are evicted with it.</param>
    public async ValueTask<StoreOutcome> EvictAsync(ResourceKey key, string token, StoreTimeoutBudget budget, bool hasDependents = false)
    {
        using var awaited = Await();
        var outcome = await EvictAsync(key, token, budget, awaited, hasDependents);
        if (awaited is not null)
        {
            await awaited.WaitAsync(CancellationToken.None);
        }

        return outcome;
    }

    /// <summary>The same for who waits for the holders of several.</summary>
    public async ValueTask<StoreOutcome> EvictAsync(
        ResourceKey key, string token, StoreTimeoutBudget budget, AwaitedHolders? awaited, bool hasDependents = false)
    {
        var dependents = hasDependents ? EvictDependentsAsync(key, token, budget, awaited) : null;
        var outcome = await TryEvictAsync(key, token, budget, awaited);
        outcome = dependents is null || await dependents ? outcome : StoreOutcome.Unavailable;
        if (outcome != StoreOutcome.Done)
        {
            pending.Add(key, token, hasDependents: hasDependents);
            copies.Raise(key);
        }

        return outcome;
    }

    /// <summary>The step alone: what the store cannot take is not remembered.</summary>
    public async ValueTask<StoreOutcome> TryEvictAsync(ResourceKey key, string token, StoreTimeoutBudget budget, AwaitedHolders? awaited)
    {
        var step = await store.EndWriteAsync(key, token, WriteResult.Changed, budget, copies.Raise(key));
        awaited?.Add(key, step);
        copies.Raise(key);
        return step.Outcome;
    }

    private async ValueTask<StoreOutcome> SetFenceAsync(ResourceFence fence, StoreTimeoutBudget budget)
    {
        var step = await store.BeginWriteAsync(fence.Key, fence.Token, fence.Deadline, budget, copies.Raise(fence.Key));
        fence.Awaited?.Add(fence.Key, step);
        copies.Raise(fence.Key);
        return step.Outcome;
    }

    /// <inheritdoc cref="IWritePaces.NoteAsync"/>
    public ValueTask<WritePace> NotePaceAsync(ResourceKey key, PaceStep step, TimeSpan keep, TimeSpan timeout) =>
        paces?.NoteAsync(key, step, keep, new StoreTimeoutBudget(timeout)) ?? default;

    private void ForgetUnfenced(ResourceFence fence)
    {
        if (fence.IsLocal)
        {
            pending.Forget(fence.Key);
        }
    }

    private void Remember(ResourceFence fence, TimeSpan delay)
    {
        if (fence.IsLocal)
        {
            pending.EndUnfenced(fence.Key, fence.Token, delay, fence.Index is not null);
        }
        else
        {
            pending.Add(fence.Key, fence.Token, delay, fence.Index is not null);
        }
    }
}

/// <summary>The fence of one write around one resource.</summary>
/// <param name="Key">The resource.</param>
/// <param name="Token">The write; the same for all its resources.</param>
/// <param name="Deadline">How long the fence stands without being renewed.</param>
/// <param name="Budget">How long the write may wait for the store, over all its steps on this resource.</param>
/// <param name="Index">Its part at the resource's index; <c>null</c> where no other policy's entries contain the resource.</param>
internal sealed record ResourceFence(ResourceKey Key, string Token, TimeSpan Deadline, StoreTimeoutBudget Budget, IndexFence? Index = null)
{
    private long _setTimestamp;

    /// <summary>Those whom the write waits for; <c>null</c> where nobody holds anything.</summary>
    public AwaitedHolders? Awaited { get; init; }

    /// <summary>Whether the store has it.</summary>
    public bool IsSet { get; set; }

    /// <summary>Whether this process forwards reads of the key in its place.</summary>
    public bool IsLocal { get; set; }

    /// <summary>When the store was last asked to set or renew it, and did; 0 for never. Measured before it was asked.</summary>
    public long SetTimestamp
    {
        get => Volatile.Read(ref _setTimestamp);
        set => Volatile.Write(ref _setTimestamp, value);
    }

    /// <summary>Whether it stands in the store for certain.</summary>
    public bool Stands(TimeProvider time) => SetTimestamp is not 0 and var set && time.GetElapsedTime(set) < Deadline;
}

/// <summary>The part of a fence that stands at the resource's index.</summary>
/// <param name="write">The write.</param>
/// <param name="timeout">How long to wait for the store while some of the dependents are evicted.</param>
internal sealed class IndexFence(string write, TimeSpan timeout)
{
    private int _beginnings;

    public static IndexFence? For(bool hasDependents, string write, TimeSpan timeout) => hasDependents ? new IndexFence(write, timeout) : null;

    public TimeSpan Timeout => timeout;

    /// <summary>The last beginning whose dependents were evicted.</summary>
    public IndexToken Token { get; set; } = new(write, 0);

    /// <summary>Names one more beginning. One that the index has lost is thus never taken for this one.</summary>
    public IndexToken Next() => new(write, ++_beginnings);
}
