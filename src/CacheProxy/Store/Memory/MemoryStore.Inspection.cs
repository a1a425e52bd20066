using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>What is stored of a resource, for who asks.</summary>
internal sealed partial class MemoryStore
{
    public ValueTask<StoredResource?> InspectAsync(ResourceKey key, StoreTimeoutBudget budget)
    {
        if (!TryEnter(key, out var resource))
        {
            return new(new StoredResource { NowMs = NowMs });
        }

        using var entered = new Entered(this, resource);
        return new(resource.Inspect(NowMs));
    }
}
