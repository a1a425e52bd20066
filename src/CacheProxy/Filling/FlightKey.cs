using CacheProxy.Identity;

namespace CacheProxy.Filling;

/// <summary>What a flight fetches.</summary>
internal readonly record struct FlightKey(ResourceKey Resource, VariantKey Variant);
