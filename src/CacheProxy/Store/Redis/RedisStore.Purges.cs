using CacheProxy.Identity;

namespace CacheProxy.Store.Redis;

/// <summary>Soft purges.</summary>
internal sealed partial class RedisStore
{
    public async ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0) =>
        WriteOutcome(await RunAsync(StoreStep.MarkStale, _scripts.MarkStale, key, [], budget));
}
