using CacheProxy.Identity;

namespace CacheProxy.Store.Redis;

/// <summary>Soft purges.</summary>
internal sealed partial class RedisStore
{
    public async ValueTask<StoreOutcome> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget) =>
        WriteOutcome(await RunAsync(StoreStep.MarkStale, _scripts.MarkStale, key, [], budget));
}
