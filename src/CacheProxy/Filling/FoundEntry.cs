using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>What a look-up found, and the variant that it was for.</summary>
internal readonly record struct FoundEntry(LookUpResult Result, VariantKey Variant);
