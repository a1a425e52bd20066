using System.Collections.Concurrent;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>Indexes that break the protocol in one point: ideas that seem to do, and do not.</summary>
internal static class DamagedIndexes
{
    /// <summary>Each by its name.</summary>
    public static IReadOnlyDictionary<string, Damage> All { get; } = new Dictionary<string, Damage>
    {
        ["it registers after storing"] = static (store, _) => new LateRegistration(store),
        ["the end of a write leaves no mark"] = static (store, _) => new Markless(store),
        ["the mark is that of the beginning"] = static (store, _) => new MarkedAtBeginning(store),
        ["times of two clocks are compared"] = static (store, _) => new OfTwoClocks(store),
        ["the index dies with its resource"] = static (store, nodes) => new Mortal(store, nodes),
        ["a renewal makes a lost write again"] = static (store, _) => new Recreating(store),
        ["a look-up does not ask whether the index was lost"] = static (store, _) => new Credulous(store),
        ["a write evicts only when it ends"] = static (store, _) => new LateEviction(store),
    };

    private sealed class LateRegistration(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        private (ResourceKey Key, ResourceKey Dependent, TimeSpan Life)? _put;

        public override ValueTask<Registration> RegisterAsync(
            ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget)
        {
            _put = (key, dependent, life);
            return new(new Registration(RegistrationOutcome.Registered));
        }

        public override async ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
        {
            var outcome = await base.CompleteFillAsync(key, lease, result, budget);
            if (_put is { } put)
            {
                _put = null;
                var registration = await base.RegisterAsync(put.Key, put.Dependent, put.Life, 1000, budget);
                if (registration.Outcome != RegistrationOutcome.Registered)
                {
                    await EndWriteAsync(key, lease.Token, WriteResult.Changed, budget);
                }
            }

            return outcome;
        }
    }

    private sealed class Markless(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        public override async ValueTask<Registration> RegisterAsync(
            ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget) =>
            await base.RegisterAsync(key, dependent, life, mostDependents, budget) with { SinceWriteMs = null };
    }

    private sealed class MarkedAtBeginning(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        // Of both replicas.
        private static readonly ConcurrentDictionary<string, long> Begun = new();

        public override ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget)
        {
            Begun[key.Value] = NowMs;
            return base.BeginWriteOnIndexAsync(key, token, deadline, budget);
        }

        public override async ValueTask<Registration> RegisterAsync(
            ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget)
        {
            var registration = await base.RegisterAsync(key, dependent, life, mostDependents, budget);
            return registration.SinceWriteMs is null ? registration : registration with { SinceWriteMs = NowMs - Begun.GetValueOrDefault(key.Value) };
        }
    }

    private sealed class OfTwoClocks(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        // The mark is by the clock of one node; "now" by that of the other, which is ahead.
        public override async ValueTask<Registration> RegisterAsync(
            ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents, StoreTimeoutBudget budget)
        {
            var registration = await base.RegisterAsync(key, dependent, life, mostDependents, budget);
            return registration with { SinceWriteMs = registration.SinceWriteMs - (long)ExploredNodes.PetsAhead.TotalMilliseconds };
        }
    }

    private sealed class Mortal(ICacheStore store, ExploredNodes nodes) : DamagedStores.DamagedStore(store)
    {
        public override async ValueTask<IndexedWrite> EndWriteOnIndexAsync(ResourceKey key, IndexToken token, bool changed, StoreTimeoutBudget budget)
        {
            var ended = await base.EndWriteOnIndexAsync(key, token, changed, budget);
            nodes.DeleteIndex(key);
            return ended;
        }
    }

    private sealed class Recreating(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        public override async ValueTask<IndexRenewal> RenewWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget)
        {
            await base.BeginWriteOnIndexAsync(key, token, deadline, budget);
            return IndexRenewal.Renewed;
        }
    }

    private sealed class Credulous(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        public override IIndexVersions? Versions => new Always();

        private sealed class Always : IIndexVersions
        {
            public string? Of(string key) => "";

            public bool MayDrop(string key) => false;
        }
    }

    private sealed class LateEviction(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        public override async ValueTask<IndexedWrite> BeginWriteOnIndexAsync(ResourceKey key, IndexToken token, TimeSpan deadline, StoreTimeoutBudget budget)
        {
            var begun = await base.BeginWriteOnIndexAsync(key, token, deadline, budget);
            return begun with { Dependents = [] };
        }
    }
}
