using CacheProxy.Filling;
using CacheProxy.Store;

namespace CacheProxy.Reading;

/// <summary>Looks a request's variant up.</summary>
internal sealed class EntryLookUp(ICacheStore store, VaryHints hints, LocalCopies copies)
{
    // One by the hint, one by the resource's own names, and one more where these have changed in between.
    private const int MaxLookUps = 3;

    public async ValueTask<FoundEntry> FindAsync(CacheRequest request)
    {
        var vary = hints.Get(request.Key);
        var variant = request.VariantUnder(vary);
        var memoryTtl = request.Policy.Options.MemoryTtl;
        var generation = memoryTtl > TimeSpan.Zero ? copies.Generation(request.Key) : 0;
        if (memoryTtl > TimeSpan.Zero && copies.Find(request.Key, variant) is { } copy
            // The hint may be another resource's: what it leaves out may be what tells this request from the copy's.
            && request.VariantUnder(copy.Vary) == variant)
        {
            request.KnownVary = copy.Vary;
            return new FoundEntry(copy, variant);
        }

        var result = await store.LookUpAsync(request.Key, variant, request.Patience);
        for (var i = 1; result.Outcome is LookUpOutcome.Found or LookUpOutcome.Miss && result.Vary != vary; i++)
        {
            vary = result.Vary;
            hints.Set(request.Key, vary);
            var actual = request.VariantUnder(vary);
            if (actual == variant)
            {
                break;
            }

            // Under these names what was found is another request's, whatever is there.
            variant = actual;
            result = i < MaxLookUps ? await store.LookUpAsync(request.Key, variant, request.Patience) : LookUpResult.Miss(vary);
        }

        if (memoryTtl > TimeSpan.Zero && result.Outcome == LookUpOutcome.Found)
        {
            copies.Add(request.Key, variant, result, generation, memoryTtl);
        }

        request.KnownVary = result.Vary;
        return new FoundEntry(result, variant);
    }
}
