using CacheProxy.Keys;

namespace CacheProxy.Caching.Filling;

/// <summary>What a flight fetches.</summary>
internal readonly record struct FlightKey(ResourceKey Resource, VariantKey Variant);
