using CacheProxy.Identity;

namespace CacheProxy.Store.Redis;

/// <summary>The paces of resources, each in a hash of its own beside the resource's.</summary>
internal sealed partial class RedisStore : IWritePaces
{
    public async ValueTask<WritePace> NoteAsync(ResourceKey key, PaceStep step, TimeSpan keep, StoreTimeoutBudget budget)
    {
        var word = step switch
        {
            PaceStep.Filling => "filling",
            PaceStep.Filled => "filled",
            PaceStep.Written => "written",
        };
        return WritePace.Parse(
            await RunAsync(StoreStep.Pace, _scripts.Pace, new ResourceKey(key.Value + WritePace.KeySuffix), [word, Milliseconds(keep)], budget));
    }
}
