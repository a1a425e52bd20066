using CacheProxy.Stores;

namespace CacheProxy.Caching;

/// <summary>Looks a request's variant up.</summary>
internal sealed class EntryLookUp(ICacheStore store, VaryHints hints)
{
    public async ValueTask<FoundEntry> FindAsync(CacheRequest request)
    {
        var vary = hints.Get(request.Key);
        var variant = request.VariantUnder(vary);
        var result = await store.LookUpAsync(request.Key, variant, request.Patience);
        if (result.Outcome is LookUpOutcome.Found or LookUpOutcome.Miss && result.Vary != vary)
        {
            hints.Set(request.Key, result.Vary);
            var actual = request.VariantUnder(result.Vary);
            if (actual != variant)
            {
                variant = actual;
                result = await store.LookUpAsync(request.Key, variant, request.Patience);
            }
        }

        request.KnownVary = result.Vary;
        return new FoundEntry(result, variant);
    }
}
