using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>How often resources are written.</summary>
internal sealed partial class ResourceCache
{
    /// <inheritdoc cref="IWritePaces.NoteAsync"/>
    public ValueTask<WritePace> NotePaceAsync(ResourceKey key, PaceStep step, TimeSpan keep, TimeSpan timeout) =>
        paces?.NoteAsync(key, step, keep, new StoreTimeoutBudget(timeout)) ?? default;
}
