using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>A fill under way.</summary>
internal readonly record struct MemoryLease(VariantKey Variant, long DeadlineMs);
