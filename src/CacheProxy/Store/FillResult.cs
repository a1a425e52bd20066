using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>What a fill brought.</summary>
/// <param name="Variant">The variant under the names that the response varies on; may differ from the lease's.</param>
/// <param name="Vary">Canonical list of the names that <paramref name="Variant"/> was computed with; the store keeps the union.</param>
/// <param name="Response">The response to store.</param>
/// <param name="KeepFor">How long to keep it: its freshness and whatever it may serve stale or be revalidated for.</param>
/// <param name="MaxVariants">Most variants the resource may have; beyond, the one that expires first is dropped.</param>
internal readonly record struct FillResult(VariantKey Variant, string Vary, StoredResponse Response, TimeSpan KeepFor, int MaxVariants);
