using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>Where a request's tenant is read from (<c>CacheProxy:Tenant</c>).</summary>
internal sealed record TenantOptions
{
    /// <summary>
    /// Ordered sources, each <c>Header:NAME</c> or <c>Host</c>. Every source that speaks must agree; a request without a tenant, or
    /// with two, is forwarded uncached. Default: <c>Header:X-Tenant-Subdomain</c>, <c>Host</c>.
    /// </summary>
    public ImmutableArray<string> Sources { get; init; } = ["Header:X-Tenant-Subdomain", "Host"];

    /// <summary>
    /// Domains under which the first label of <c>Host</c> is the tenant: <c>demo.example.com</c> under <c>example.com</c> is
    /// <c>demo</c>. Default: none, so that <c>Host</c> names no tenant.
    /// </summary>
    public ImmutableArray<string> BaseDomains { get; init; } = [];
}
