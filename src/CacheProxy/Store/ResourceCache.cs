using System.Runtime.CompilerServices;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The store as requests use it. What every step must ask first is asked here and nowhere else: whether an eviction of the key is
/// pending, whether this process's own copy is still good, and which header names the resource varies on.
/// </summary>
internal sealed partial class ResourceCache(ICacheStore store, PendingEvictions pending, LocalCopies copies, VaryHints hints)
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
    public ValueTask<LookUpResult> LookUpAsync(
        ResourceKey key, in VariantSource variants, TimeSpan memoryTtl, StoreTimeoutBudget budget, bool headersOnly = false)
    {
        if (pending.MustForward(key))
        {
            return new(LookUpResult.EvictionPending);
        }

        var vary = hints.Get(key);
        var variant = VariantDigest.Compute(variants, vary);
        return memoryTtl > TimeSpan.Zero
            ? LookUpWithCopies(key, variants, vary, variant, memoryTtl, budget)
            : AskStore(key, variants, vary, variant, headersOnly, budget);
    }

    /// <summary>A lease to fill one variant, not taken yet.</summary>
    public FillLease NewLease(ResourceKey key, in LookUpResult prior, bool exclusive) =>
        new(store.NewFillToken(key), prior.Variant, prior.Stamp, FillLease.DefaultDuration, exclusive);

    /// <inheritdoc cref="ICacheStore.BeginFillAsync"/>
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

        // A write whose fence could not be set may have begun in the meantime: its eviction will take this entry away.
        return pending.MustForward(key) ? CompleteFillOutcome.Revoked : CompleteFillOutcome.Stored;
    }

    /// <inheritdoc cref="ICacheStore.AbandonFillAsync"/>
    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        store.AbandonFillAsync(key, lease, budget);

    private ValueTask<LookUpResult> LookUpWithCopies(
        ResourceKey key, in VariantSource variants, string vary, VariantKey variant, TimeSpan memoryTtl, StoreTimeoutBudget budget)
    {
        var generation = copies.Generation(key);
        return copies.Find(key, variant) is { } copy
            // The hint may be another resource's: what it leaves out may be what tells this request from the copy's.
            && (copy.Vary == vary || VariantDigest.Compute(variants, copy.Vary) == variant)
            ? new(Checked(key, copy))
            : CopyAsync(key, AskStore(key, variants, vary, variant, headersOnly: false, budget), generation, memoryTtl);
    }

    private async ValueTask<LookUpResult> CopyAsync(ResourceKey key, ValueTask<LookUpResult> asked, int generation, TimeSpan memoryTtl)
    {
        var result = await asked;
        if (result.Outcome == LookUpOutcome.Found)
        {
            copies.Add(key, result, generation, memoryTtl);
        }

        return result;
    }

    // What the store has at hand goes back without a step of its own.
    private ValueTask<LookUpResult> AskStore(
        ResourceKey key, in VariantSource variants, string vary, VariantKey variant, bool headersOnly, StoreTimeoutBudget budget)
    {
        var asked = AskStoreAsync(key, variant, headersOnly, budget);
        if (!asked.IsCompletedSuccessfully)
        {
            return SettleAsync(asked, key, variants, vary, variant, headersOnly, budget);
        }

        var result = asked.Result;
        return IsOf(result, vary)
            ? new(Checked(key, result with { Variant = variant }))
            : SettleAsync(new(result), key, variants, vary, variant, headersOnly, budget);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<LookUpResult> SettleAsync(
        ValueTask<LookUpResult> asked,
        ResourceKey key,
        VariantSource variants,
        string vary,
        VariantKey variant,
        bool headersOnly,
        StoreTimeoutBudget budget)
    {
        var result = await asked;
        for (var i = 1; !IsOf(result, vary); i++)
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

        return Checked(key, result with { Variant = variant });
    }

    // Whether it tells of the variant under these names: without an answer, there are no others.
    private static bool IsOf(in LookUpResult result, string vary) =>
        result.Vary == vary || result.Outcome is not (LookUpOutcome.Found or LookUpOutcome.Miss);

    // A write whose fence could not be set may have begun while the look-up was under way.
    private LookUpResult Checked(ResourceKey key, in LookUpResult result) =>
        pending.MustForward(key) ? LookUpResult.EvictionPending
        : result.Response is { } stored && pending.MayConcern(stored.ResponseTimeMs) ? result with { Outcome = LookUpOutcome.Miss, Response = null }
        : result;

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
