using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>The outcome of <see cref="TenantResolver.Resolve"/>.</summary>
/// <param name="Kind">How it came out; only <see cref="TenantResolutionKind.Found"/> may be cached.</param>
/// <param name="Tenant">The tenant, when found.</param>
/// <param name="Candidates">
/// When not found: every tenant that the API might take the request for. A write evicts for each of them, because the API may know
/// better than the sidecar whose request it was; a read is never cached for any.
/// </param>
internal readonly record struct TenantResolution(TenantResolutionKind Kind, TenantName Tenant, ImmutableArray<TenantName> Candidates)
{
    public static TenantResolution Found(TenantName tenant) => new(TenantResolutionKind.Found, tenant, []);
}
