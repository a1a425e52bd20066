using System.Runtime.CompilerServices;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The store as requests use it. What every step must ask first is asked here and nowhere else: whether an eviction of the key is
/// pending, whether this process's own copy is still good, and which header names the resource varies on.
/// </summary>
internal sealed partial class ResourceCache(
    ICacheStore store, PendingEvictions pending, LocalCopies copies, VaryHints hints, AbsentKeys absent, IWritePaces? paces = null,
    TenantKeys? tenants = null, Acknowledgements? acknowledgements = null)
{
    // One by the hint, one by the resource's own names, and one more where these have changed in between.
    private const int MaxLookUps = 3;

    private readonly IReplicaChannel? _channel = copies.Use(store.Channel);

    /// <inheritdoc cref="ICacheStore.NowMs"/>
    public long NowMs => store.NowMs;

    /// <summary>
    /// Begins to look up the variant that <paramref name="variants"/> selects under the names that the resource varies on. Who waits for what
    /// the store says, and then calls <see cref="TryEnd"/>, waits once: a step of its own would be an object of 230 bytes for each request.
    /// </summary>
    /// <param name="key">The resource.</param>
    /// <param name="variants">What tells its variants apart.</param>
    /// <param name="memoryTtl">How long a lease on a copy in this process stands; zero for no copies.</param>
    /// <param name="budget">How long the request may still wait for the store.</param>
    /// <param name="headersOnly">Whether the answer may do without the body.</param>
    /// <param name="begins">Whether a miss may take its lease with the look-up; only for who then fills it or gives it back.</param>
    public LookUp BeginLookUp(
        ResourceKey key,
        in VariantSource variants,
        TimeSpan memoryTtl,
        StoreTimeoutBudget budget,
        bool headersOnly = false,
        LeaseWithLookUp begins = LeaseWithLookUp.None)
    {
        if (pending.MustForward(key))
        {
            return new LookUp(key, "", default, new(LookUpResult.EvictionPending), IsKnown: true);
        }

        var vary = hints.Get(key);
        var variant = VariantDigest.Compute(variants, vary);
        var hold = default(HoldBegun);
        var holds = false;
        if (_channel is not null && memoryTtl > TimeSpan.Zero)
        {
            if (copies.Find(key, variant) is { } copy
                // The hint may be another resource's: what it leaves out may be what tells this request from the copy's.
                && (copy.Result.Vary == vary || VariantDigest.Compute(variants, copy.Result.Vary) == variant))
            {
                var result = HaveTagsInMemory(copy) ? new(copy.Result) : CheckTagsAsync(key, copy.Result, memoryTtl, budget);
                return new LookUp(key, copy.Result.Vary, variant, result, IsKnown: true, KnowsTags: true);
            }

            holds = copies.TryBeginHold(key, variant, memoryTtl, out hold);
            // A copy has its body, whatever this request needs of it.
            headersOnly &= !holds;
        }

        // A miss knows no names to vary on: under others the lease would be for another variant.
        var isKnown = absent.Knows(key);
        var lease = begins != LeaseWithLookUp.None && !holds && vary.Length == 0 && !isKnown && absent.AreMissesUsual
            ? new FillLease(store.NewFillToken(key), variant, "", FillLease.DefaultDuration, begins == LeaseWithLookUp.Exclusive)
            : null;
        var asking = new Asking(variant, headersOnly, lease, holds ? new HoldRequest(hold.Number, hold.Length) : default);
        return _tagHints.Get(key) is { } tags
            ? new LookUp(
                key, vary, variant, AskWithTagsAsync(key, asking, tags, memoryTtl, budget), isKnown, lease is not null, headersOnly, KnowsTags: true, hold, holds)
            : new LookUp(key, vary, variant, AskStoreAsync(key, asking, budget), isKnown, lease is not null, headersOnly, KnowsTags: false, hold, holds);
    }

    /// <param name="lookUp">What was begun.</param>
    /// <param name="asked">What the store said.</param>
    /// <param name="found">What the request finds.</param>
    /// <returns>Whether it is about the right variant; if not, <see cref="EndAsync"/> asks for that one.</returns>
    public bool TryEnd(in LookUp lookUp, in LookUpResult asked, out LookUpResult found)
    {
        absent.Learn(lookUp, asked);
        var isRight = IsOf(asked, lookUp.Vary) && (lookUp.KnowsTags || !Dependencies.HaveTags(asked.Response));
        found = isRight ? Ended(lookUp, asked with { Variant = lookUp.Variant }) : default;
        return isRight;
    }

    /// <summary>Asks again where the resource varies on other names than the store was asked by.</summary>
    public async ValueTask<LookUpResult> EndAsync(LookUp lookUp, LookUpResult asked, VariantSource variants, StoreTimeoutBudget budget)
    {
        var (key, vary, variant, knowsTags) = (lookUp.Key, lookUp.Vary, lookUp.Variant, lookUp.KnowsTags);
        for (var i = 1; !IsOf(asked, vary); i++)
        {
            vary = asked.Vary;
            hints.Set(key, vary);
            var actual = VariantDigest.Compute(variants, vary);
            if (actual == variant)
            {
                break;
            }

            // Under these names what was found is another request's, whatever is there.
            (variant, knowsTags) = (actual, false);
            asked = i < MaxLookUps ? await AskStoreAsync(key, new Asking(variant, lookUp.HeadersOnly), budget) : LookUpResult.Miss(vary);
        }

        asked = knowsTags ? asked : await CheckTagsAsync(key, asked, lookUp.Begun.Length, budget);
        return Ended(lookUp, asked with { Variant = variant });
    }

    /// <summary>Begins, waits and ends.</summary>
    public async ValueTask<LookUpResult> LookUpAsync(
        ResourceKey key, VariantSource variants, TimeSpan memoryTtl, StoreTimeoutBudget budget, LeaseWithLookUp begins = LeaseWithLookUp.None)
    {
        var lookUp = BeginLookUp(key, variants, memoryTtl, budget, headersOnly: false, begins);
        var asked = await lookUp.Asked;
        return TryEnd(lookUp, asked, out var found) ? found : await EndAsync(lookUp, asked, variants, budget);
    }

    /// <summary>A lease to fill one variant, not taken yet.</summary>
    public FillLease NewLease(ResourceKey key, in LookUpResult prior, bool exclusive) =>
        new(store.NewFillToken(key), prior.Variant, prior.Stamp, FillLease.DefaultDuration, exclusive);

    /// <inheritdoc cref="ICacheStore.BeginFillAsync"/>
    // Its state is used again: 200 bytes a fill, as that of the next.
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
        if (MustForward(key, result.Response.Dependencies))
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
        return MustForward(key, result.Response.Dependencies) ? CompleteFillOutcome.Revoked : CompleteFillOutcome.Stored;
    }

    /// <inheritdoc cref="ICacheStore.AbandonFillAsync"/>
    public ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) =>
        store.AbandonFillAsync(key, lease, budget);

    private LookUpResult Ended(in LookUp lookUp, in LookUpResult result)
    {
        // A write whose fence could not be set may have begun while the look-up was under way. A lease that it took goes with the eviction.
        if (pending.MustForward(lookUp.Key))
        {
            return LookUpResult.EvictionPending;
        }

        if (result.Response is { } stored && IsOutOfDate(stored))
        {
            return result with { Outcome = LookUpOutcome.Miss, Response = null };
        }

        if (lookUp.Begun.Length > TimeSpan.Zero)
        {
            Hold(lookUp, result);
        }

        return result;
    }

    // Only what the store has said in reply to a hold becomes a copy.
    private void Hold(in LookUp lookUp, in LookUpResult result)
    {
        if (result.Outcome == LookUpOutcome.Found && result.IsHeld)
        {
            copies.Add(lookUp.Key, result, lookUp.Begun);
        }
        else if (result.Outcome == LookUpOutcome.Found)
        {
            copies.Found(lookUp.Key, lookUp.Begun);
        }

        if (lookUp.Holds)
        {
            copies.Ended(result.IsHeld ? HoldResult.Granted : result.Outcome == LookUpOutcome.Unavailable ? HoldResult.Unavailable : HoldResult.Refused);
        }
    }

    private bool IsOutOfDate(StoredResponse stored) => pending.MayConcern(stored.ResponseTimeMs) || !AreCurrent(stored.Dependencies);

    // Whether it tells of the variant under these names: without an answer, there are no others.
    private static bool IsOf(in LookUpResult result, string vary) =>
        result.Vary == vary || result.Outcome is not (LookUpOutcome.Found or LookUpOutcome.Miss);

    private ValueTask<LookUpResult> AskStoreAsync(ResourceKey key, in Asking asking, StoreTimeoutBudget budget) =>
        asking.Hold.Length > TimeSpan.Zero ? store.HoldAsync(key, asking.Variant, asking.Hold, budget)
        : asking.Lease is { } lease ? store.LookUpOrBeginFillAsync(key, lease, budget)
        : asking.HeadersOnly ? store.LookUpHeadersAsync(key, asking.Variant, budget)
        : store.LookUpAsync(key, asking.Variant, budget);

    /// <summary>What the store is asked for.</summary>
    private readonly record struct Asking(VariantKey Variant, bool HeadersOnly, FillLease? Lease = null, HoldRequest Hold = default);
}

/// <summary>A look-up under way.</summary>
/// <param name="Key">The resource.</param>
/// <param name="Vary">The names by which the store was asked.</param>
/// <param name="Variant">The variant under these names.</param>
/// <param name="Asked">What the store says; to be waited for once.</param>
/// <param name="IsKnown">Whether the resource was known to be in the store.</param>
/// <param name="MayTakeLease">Whether the lease was asked for with it.</param>
/// <param name="HeadersOnly">Whether the answer may do without the body.</param>
/// <param name="KnowsTags">Whether what the store says has been compared with the generations of the tags.</param>
/// <param name="Begun">What was read before the store was asked, where copies are wanted.</param>
/// <param name="Holds">Whether the store was asked for a lease on a copy.</param>
internal readonly record struct LookUp(
    ResourceKey Key,
    string Vary,
    VariantKey Variant,
    ValueTask<LookUpResult> Asked,
    bool IsKnown,
    bool MayTakeLease = false,
    bool HeadersOnly = false,
    bool KnowsTags = false,
    HoldBegun Begun = default,
    bool Holds = false);

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
