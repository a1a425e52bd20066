using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>What entries depend on: registering them, recognising those that may be out of date, and evicting them with what they contain.</summary>
internal sealed partial class ResourceCache
{
    // Of one node. Enough that Redis sets the pace; few enough that nobody else's step waits for more than a millisecond or two.
    private const int EvictionsAtATime = 64;

    /// <inheritdoc cref="IDependentIndex.Versions"/>
    public IIndexVersions? IndexVersions => store.Versions;

    /// <summary>Registers an entry at all that it contains, in one round trip.</summary>
    public async ValueTask<Registration[]> RegisterAsync(List<Contained> contained, ResourceKey dependent, TimeSpan life, StoreTimeoutBudget budget)
    {
        var timeout = budget.Remaining;
        // All wait at the same time, and the longest wait counts.
        var budgets = new StoreTimeoutBudget[contained.Count];
        var registering = new Task<Registration>[contained.Count];
        for (var i = 0; i < registering.Length; i++)
        {
            budgets[i] = new StoreTimeoutBudget(timeout);
            registering[i] = store.RegisterAsync(contained[i].Key, dependent, life, contained[i].MostDependents, budgets[i]).AsTask();
        }

        var registrations = await Task.WhenAll(registering);
        budget.Spend(timeout - budgets.Aggregate(timeout, static (least, own) => own.Remaining < least ? own.Remaining : least));
        return registrations;
    }

    /// <summary>
    /// Whether all that an entry contains is what it was: no eviction of it is pending here, and the node that would tell of a write of it has
    /// forgotten nothing.
    /// </summary>
    private bool AreCurrent(Dependency[] dependencies)
    {
        if (dependencies.Length == 0)
        {
            return true;
        }

        var versions = store.Versions;
        foreach (var dependency in dependencies)
        {
            if (dependency.Kind == DependencyKind.Resource
                && (versions?.Of(dependency.Key) != dependency.Version || pending.MustForward(new ResourceKey(dependency.Key))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an eviction is pending here of the resource, of something that its entry contains, or of a tag of it.</summary>
    private bool MustForward(ResourceKey key, Dependency[] dependencies) =>
        pending.MustForward(key)
        || (dependencies.Length > 0
            && Array.Exists(dependencies, one => one.Kind != DependencyKind.Rules && pending.MustForward(new ResourceKey(one.Key))));

    /// <summary>
    /// Begins a write on the index, and evicts all that contains the resource. Whether both were done. Who holds any of that is waited for with
    /// the holders of the resource, while the API works.
    /// </summary>
    private async Task<bool> BeginOnIndexAsync(ResourceFence fence, IndexFence index)
    {
        var token = index.Next();
        var begun = await store.BeginWriteOnIndexAsync(fence.Key, token, fence.Deadline, new StoreTimeoutBudget(fence.Budget.Remaining));
        if (begun.Outcome != StoreOutcome.Done || !await EvictAllAsync(begun.Dependents, fence.Token, index.Timeout, fence.Awaited))
        {
            return false;
        }

        index.Token = token;
        return true;
    }

    // A renewal on the index that finds it lost says so at once: then the fence is set anew before anything of the answer goes out.
    private async ValueTask<StoreOutcome> RenewOnBothAsync(ResourceFence fence, IndexFence index, StoreTimeoutBudget budget)
    {
        var onIndex = store.RenewWriteOnIndexAsync(fence.Key, index.Token, fence.Deadline, new StoreTimeoutBudget(budget.Remaining)).AsTask();
        var outcome = await SetFenceAsync(fence, budget);
        var renewal = await onIndex;
        if (renewal == IndexRenewal.Lost)
        {
            fence.SetTimestamp = 0;
        }

        return renewal == IndexRenewal.Renewed ? outcome : StoreOutcome.Unavailable;
    }

    private async Task<bool> EndOnIndexAsync(ResourceFence fence, IndexFence index, bool changed, TimeSpan timeout)
    {
        var ended = await store.EndWriteOnIndexAsync(fence.Key, index.Token, changed, new StoreTimeoutBudget(timeout));
        return ended.Outcome == StoreOutcome.Done && await EvictAllAsync(ended.Dependents, fence.Token, index.Timeout, fence.Awaited);
    }

    /// <summary>Evicts what contains a resource that had no fence. Whether the store has it all.</summary>
    private async Task<bool> EvictDependentsAsync(ResourceKey key, string token, StoreTimeoutBudget budget, AwaitedHolders? awaited)
    {
        var timeout = budget.Remaining;
        var ended = await store.EndWriteOnIndexAsync(key, new IndexToken(token, 0), changed: true, new StoreTimeoutBudget(timeout));
        return ended.Outcome == StoreOutcome.Done && await EvictAllAsync(ended.Dependents, token, timeout, awaited);
    }

    /// <summary>Evicts entries, on all nodes at once and on each some at a time. Those that the store cannot take are remembered and retried.</summary>
    private async Task<bool> EvictAllAsync(ResourceKey[] keys, string token, TimeSpan timeout, AwaitedHolders? awaited)
    {
        if (keys.Length == 0)
        {
            return true;
        }

        token = DependentIndex.EvictionToken(token);
        var byNode = new Dictionary<int, List<ResourceKey>>();
        foreach (var key in keys)
        {
            var node = store.NodeOf(key);
            if (!byNode.TryGetValue(node, out var ofNode))
            {
                byNode.Add(node, ofNode = []);
            }

            ofNode.Add(key);
        }

        var evicting = new List<Task<bool>>(byNode.Count);
        foreach (var ofNode in byNode.Values)
        {
            evicting.Add(EvictInTurnAsync(ofNode, token, timeout, awaited));
        }

        return !Array.Exists(await Task.WhenAll(evicting), static done => !done);
    }

    private async Task<bool> EvictInTurnAsync(List<ResourceKey> keys, string token, TimeSpan timeout, AwaitedHolders? awaited)
    {
        var all = true;
        var some = true;
        var evicting = new List<Task<StoreOutcome>>(EvictionsAtATime);
        for (var first = 0; first < keys.Count; first += EvictionsAtATime)
        {
            evicting.Clear();
            var end = Math.Min(first + EvictionsAtATime, keys.Count);
            for (var i = first; i < end; i++)
            {
                // A node that has taken none is not waited for again; what it lacks is pending.
                evicting.Add(EvictAsync(keys[i], token, new StoreTimeoutBudget(some ? timeout : TimeSpan.Zero), awaited).AsTask());
            }

            var outcomes = await Task.WhenAll(evicting);
            some = Array.Exists(outcomes, static outcome => outcome == StoreOutcome.Done);
            all &= !Array.Exists(outcomes, static outcome => outcome != StoreOutcome.Done);
        }

        return all;
    }
}

/// <summary>A resource that a response contains.</summary>
/// <param name="Key">Its key.</param>
/// <param name="MostDependents">How many entries may contain it.</param>
internal readonly record struct Contained(ResourceKey Key, int MostDependents);
