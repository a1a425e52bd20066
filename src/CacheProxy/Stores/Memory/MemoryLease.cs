using CacheProxy.Keys;

namespace CacheProxy.Stores.Memory;

/// <summary>A fill under way.</summary>
internal readonly record struct MemoryLease(VariantKey Variant, long DeadlineMs);
