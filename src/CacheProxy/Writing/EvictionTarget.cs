using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Writing;

/// <summary>A resource that a write may change.</summary>
/// <param name="Policy">The policy whose key it is.</param>
/// <param name="Key">Its key.</param>
/// <param name="Tenant">Its tenant, for the log; <c>null</c> when the key names none.</param>
/// <param name="Id">Its id, for the log.</param>
internal readonly record struct EvictionTarget(CachePolicy Policy, ResourceKey Key, string? Tenant, string? Id);
