
namespace CacheProxy.Identity;

/// <summary>What a key may be made of.</summary>
/// <param name="Tenant">The tenant; <c>default</c> when the request has none.</param>
/// <param name="Host">The value of <c>Host</c>.</param>
/// <param name="Path">The path, decoded once.</param>
/// <param name="RouteValues">The values of the matched route.</param>
internal readonly record struct KeySource(TenantName Tenant, string Host, string Path, RouteValueDictionary RouteValues);
