using CacheProxy.Keys;
using CacheProxy.Stores;

namespace CacheProxy.Caching;

/// <summary>What a look-up found, and the variant that it was for.</summary>
internal readonly record struct FoundEntry(LookUpResult Result, VariantKey Variant);
