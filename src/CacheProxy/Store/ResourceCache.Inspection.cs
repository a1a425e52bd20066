using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// What a request would find, without any effect: nothing is counted, learned, leased or copied, and no hint changes. By the same judgements as
/// look-ups make.
/// </summary>
internal sealed partial class ResourceCache
{
    // Of all variants together. Beyond, a tag counts as one that cannot be asked for.
    private const int MostTagsInspected = 256;

    /// <summary>All that is stored under a key but the bodies, and how its tags are now; <c>null</c> where the store does not say.</summary>
    public async ValueTask<InspectedResource?> InspectAsync(ResourceKey key, StoreTimeoutBudget budget)
    {
        if (await store.InspectAsync(key, budget) is not { } stored)
        {
            return null;
        }

        ResourceKey[] tags =
        [
            .. stored.Variants.SelectMany(static variant => variant.Response?.Dependencies ?? [])
                .Where(static dependency => dependency.Kind == DependencyKind.Tag)
                .Select(static dependency => new ResourceKey(dependency.Key)).Distinct().Take(MostTagsInspected),
        ];
        return new InspectedResource(stored, tags, tags.Length == 0 ? [] : await AskForTagsAsync(tags, TimeSpan.Zero, budget));
    }

    /// <summary>What a request of these variants would find.</summary>
    /// <param name="key">Its resource.</param>
    /// <param name="seen">What is stored of it; <c>null</c> where the store does not say.</param>
    /// <param name="variants">What tells its variants apart.</param>
    /// <param name="memoryTtl">How long a lease on a copy in this process stands; zero for no copies.</param>
    /// <param name="left">How long the copy that it would find in this process may still be served; zero where it would ask the store.</param>
    public LookUpResult Find(ResourceKey key, InspectedResource? seen, in VariantSource variants, TimeSpan memoryTtl, out TimeSpan left)
    {
        left = TimeSpan.Zero;
        if (pending.MustForward(key))
        {
            return LookUpResult.EvictionPending;
        }

        var hinted = hints.Get(key);
        if (memoryTtl > TimeSpan.Zero
            && copies.Peek(key, VariantDigest.Compute(variants, hinted), out left) is { } copy
            && (copy.Result.Vary == hinted || VariantDigest.Compute(variants, copy.Result.Vary) == copy.Result.Variant)
            && HaveTagsInMemory(copy, leavesTrace: false))
        {
            return Judged(copy.Result);
        }

        left = TimeSpan.Zero;

        if (seen is null)
        {
            return LookUpResult.Unavailable;
        }

        var found = seen.Stored.LookUp(VariantDigest.Compute(variants, seen.Stored.Vary));
        if (Dependencies.HaveTags(found.Response))
        {
            found = Covers(seen.Tags, found.Response!.Dependencies) ? Judge(found, seen.Tags, seen.States) : LookUpResult.Unavailable;
        }

        return Judged(found);
    }

    private LookUpResult Judged(in LookUpResult found) =>
        found.Response is { } stored && IsOutOfDate(stored)
            ? found with { Outcome = LookUpOutcome.Miss, Response = null }
            : found;
}

/// <summary>What a store holds under a key, and how the tags of it are.</summary>
/// <param name="Stored">What there is.</param>
/// <param name="Tags">The tags of all its variants.</param>
/// <param name="States">How each of them is.</param>
internal sealed record InspectedResource(StoredResource Stored, ResourceKey[] Tags, TagState[] States)
{
    /// <summary>What is known of a tag now; <c>null</c> where it was not asked for.</summary>
    public TagState? StateOf(string tag) => Array.FindIndex(Tags, one => one.Value == tag) is >= 0 and var i ? States[i] : null;
}
