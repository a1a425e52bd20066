using System.Runtime.CompilerServices;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The store as requests use it. What every step must ask first is asked here and nowhere else: whether an eviction of the key is
/// pending, whether this process's own copy is still good, and which header names the resource varies on.
/// </summary>
internal sealed partial class ResourceCache(ICacheStore store, PendingEvictions pending, LocalCopies copies, VaryHints hints, AbsentKeys absent)
{
    // One by the hint, one by the resource's own names, and one more where these have changed in between.
    private const int MaxLookUps = 3;

    /// <inheritdoc cref="ICacheStore.NowMs"/>
    public long NowMs => store.NowMs;

    /// <summary>Looks up the variant that <paramref name="variants"/> selects under the names that the resource varies on.</summary>
    /// <param name="key">The resource.</param>
    /// <param name="variants">What tells its variants apart.</param>
    /// <param name="memoryTtl">How long a copy in this process may be served; zero for no copies.</param>
    /// <param name="budget">How long the request may still wait for the store.</param>
    /// <param name="headersOnly">Whether the answer may do without the body.</param>
    /// <param name="begins">Whether a miss may take its lease with the look-up, and which; only for who fills it or gives it back.</param>
    public async ValueTask<LookUpResult> LookUpAsync(
        ResourceKey key,
        VariantSource variants,
        TimeSpan memoryTtl,
        StoreTimeoutBudget budget,
        bool headersOnly = false,
        LeaseWithLookUp begins = LeaseWithLookUp.None)
    {
        if (pending.MustForward(key))
        {
            return LookUpResult.EvictionPending;
        }

        var result = memoryTtl > TimeSpan.Zero
            ? await LookUpWithCopiesAsync(key, variants, memoryTtl, begins, budget)
            : await AskStoreAsync(key, variants, headersOnly, begins, budget);

        // A write whose fence could not be set may have begun while the look-up was under way.
        if (pending.MustForward(key))
        {
            await (result.Lease is { } lease ? store.AbandonFillAsync(key, lease, budget) : default);
            return LookUpResult.EvictionPending;
        }

        return result.Response is { } stored && pending.MayConcern(stored.ResponseTimeMs) ? result with { Outcome = LookUpOutcome.Miss, Response = null } : result;
    }

    /// <summary>A lease to fill one variant, not taken yet.</summary>
    public FillLease NewLease(ResourceKey key, in LookUpResult prior, bool exclusive) =>
        new(store.NewFillToken(key), prior.Variant, prior.Stamp, FillLease.DefaultDuration, exclusive);

    /// <inheritdoc cref="ICacheStore.BeginFillAsync"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget)
    {
        var outcome = await store.BeginFillAsync(key, lease, budget);
        if (outcome == BeginFillOutcome.Changed)
        {
            copies.Drop(key, lease.Variant);
        }

        return outcome;
    }

    /// <inheritdoc cref="ICacheStore.CompleteFillAsync"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget)
    {
        if (pending.MustForward(key))
        {
            await store.AbandonFillAsync(key, lease, budget);
            return CompleteFillOutcome.Revoked;
        }

        var outcome = await store.CompleteFillAsync(key, lease, result, budget);
        if (outcome != CompleteFillOutcome.Stored)
        {
            return outcome;
        }

        copies.Drop(key, result.Variant);
        absent.Stored(key);

        // A write whose fence could not be set may have begun in the meantime: its eviction will take this entry away.
        return pending.MustForward(key) ? CompleteFillOutcome.Revoked : CompleteFillOutcome.Stored;
    }

    /// <inheritdoc cref="ICacheStore.AbandonFillAsync"/>
    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        store.AbandonFillAsync(key, lease, budget);

    private async ValueTask<LookUpResult> LookUpWithCopiesAsync(
        ResourceKey key, VariantSource variants, TimeSpan memoryTtl, LeaseWithLookUp begins, StoreTimeoutBudget budget)
    {
        var generation = copies.Generation(key);
        var variant = VariantDigest.Compute(variants, hints.Get(key));
        if (copies.Find(key, variant) is { } copy
            // The hint may be another resource's: what it leaves out may be what tells this request from the copy's.
            && VariantDigest.Compute(variants, copy.Vary) == variant)
        {
            return copy;
        }

        var result = await AskStoreAsync(key, variants, headersOnly: false, begins, budget);
        if (result.Outcome == LookUpOutcome.Found)
        {
            copies.Add(key, result, generation, memoryTtl);
        }

        return result;
    }

    private async ValueTask<LookUpResult> AskStoreAsync(
        ResourceKey key, VariantSource variants, bool headersOnly, LeaseWithLookUp begins, StoreTimeoutBudget budget)
    {
        var vary = hints.Get(key);
        var variant = VariantDigest.Compute(variants, vary);
        // A miss knows no names to vary on: under others the lease would be for another variant.
        var lease = begins != LeaseWithLookUp.None && vary.Length == 0 && absent.Expects(key)
            ? new FillLease(store.NewFillToken(key), variant, "", FillLease.DefaultDuration, begins == LeaseWithLookUp.Exclusive)
            : null;
        var result = lease is null
            ? await AskStoreAsync(key, variant, headersOnly, budget)
            : await store.LookUpOrBeginFillAsync(key, lease, budget);
        absent.Learn(key, result, isLeaseRefused: lease is not null && result.Lease is null);
        for (var i = 1; result.Outcome is LookUpOutcome.Found or LookUpOutcome.Miss && result.Vary != vary; i++)
        {
            vary = result.Vary;
            hints.Set(key, vary);
            var actual = VariantDigest.Compute(variants, vary);
            if (actual == variant)
            {
                break;
            }

            // Under these names what was found is another request's, whatever is there.
            variant = actual;
            result = i < MaxLookUps ? await AskStoreAsync(key, variant, headersOnly, budget) : LookUpResult.Miss(vary);
        }

        return result with { Variant = variant };
    }

    private ValueTask<LookUpResult> AskStoreAsync(ResourceKey key, VariantKey variant, bool headersOnly, StoreTimeoutBudget budget) =>
        headersOnly ? store.LookUpHeadersAsync(key, variant, budget) : store.LookUpAsync(key, variant, budget);
}

/// <summary>
/// The names that resources lately varied on, so that a look-up computes the right variant at once. A wrong hint costs a round trip.
/// </summary>
internal sealed class VaryHints
{
    private const int Size = 4096;

    private readonly string?[] _names = new string?[Size];

    public string Get(ResourceKey key) => Volatile.Read(ref _names[Slot(key)]) ?? "";

    public void Set(ResourceKey key, string names) => Volatile.Write(ref _names[Slot(key)], names);

    private static int Slot(ResourceKey key) => key.Value.GetHashCode(StringComparison.Ordinal) & (Size - 1);
}

/// <summary>Whether a look-up takes a lease where it finds nothing.</summary>
internal enum LeaseWithLookUp
{
    None,
    Shared,

    /// <summary>See <see cref="FillLease.Exclusive"/>.</summary>
    Exclusive,
}

/// <summary>
/// Guesses which resources the store holds nothing of: those of which this process has found and stored nothing lately, as long as at least
/// half of such look-ups are misses. A wrong guess costs the store a script where a plain look-up would have done, and nothing else.
/// </summary>
internal sealed class AbsentKeys
{
    // 64 KiB. Two keys that share a place forget each other.
    private const int Size = 16 * 1024;
    private const int Whole = 1 << 16;
    private const int Weight = 32;

    private readonly int[] _present = new int[Size];
    private int _misses = Whole;

    public bool Expects(ResourceKey key) => _misses >= Whole / 2 && !IsPresent(key, out _);

    /// <param name="key">The resource.</param>
    /// <param name="result">What was found.</param>
    /// <param name="isLeaseRefused">Whether a lease was wanted: then there is something, be it another variant.</param>
    public void Learn(ResourceKey key, in LookUpResult result, bool isLeaseRefused)
    {
        if (result.Outcome is not (LookUpOutcome.Found or LookUpOutcome.Miss))
        {
            return;
        }

        var wasPresent = IsPresent(key, out var hash);
        var isAbsent = result.Outcome == LookUpOutcome.Miss && !isLeaseRefused;
        if (!wasPresent)
        {
            // A decaying share, in which one of 32 is new. Threads that overwrite each other's step do no harm.
            _misses += ((isAbsent ? Whole : 0) - _misses) / Weight;
        }

        if (wasPresent == isAbsent)
        {
            Volatile.Write(ref _present[hash & (Size - 1)], isAbsent ? 0 : hash);
        }
    }

    public void Stored(ResourceKey key)
    {
        if (!IsPresent(key, out var hash))
        {
            Volatile.Write(ref _present[hash & (Size - 1)], hash);
        }
    }

    public void Evicted(ResourceKey key)
    {
        if (IsPresent(key, out var hash))
        {
            Volatile.Write(ref _present[hash & (Size - 1)], 0);
        }
    }

    private bool IsPresent(ResourceKey key, out int hash)
    {
        hash = key.Value.GetHashCode(StringComparison.Ordinal);
        return Volatile.Read(ref _present[hash & (Size - 1)]) == hash;
    }
}
