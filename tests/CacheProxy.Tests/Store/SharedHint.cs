using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Tests.Store;

/// <summary>Hints have fewer slots than there are resources.</summary>
internal static class SharedHint
{
    /// <summary>Another key whose hint is that of <paramref name="key"/>.</summary>
    public static ResourceKey TwinOf(ResourceKey key)
    {
        var hints = new VaryHints();
        hints.Set(key, "x");
        return Enumerable.Range(0, 1_000_000)
            .Select(static i => new ResourceKey($"twin:{i}"))
            .First(twin => twin != key && hints.Get(twin).Length > 0);
    }
}
