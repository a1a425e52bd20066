using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store.Redis;

namespace CacheProxy.Configuration;

/// <summary>The section <c>CacheProxy</c>, read and checked.</summary>
internal sealed record CacheProxyOptions
{
    public TenantOptions Tenant { get; init; } = new();

    public CredentialOptions Credentials { get; init; } = new();

    public RedisOptions Redis { get; init; } = new();

    public ImmutableArray<CachePolicyOptions> Policies { get; init; } = [];
}
