using System.Collections.Frozen;
using System.Collections.Immutable;
using CacheProxy.Identity;

namespace CacheProxy.Configuration.Policies;

/// <summary>What one tenant, or every tenant that has no such section, may have of the cache (<c>CacheProxy:Tenants:NAME</c>).</summary>
internal sealed record TenantLimits
{
    /// <summary>Stands for every tenant, where the tenant itself does not say.</summary>
    public const string Everybody = "*";

    /// <summary>The tenant, or <see cref="Everybody"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The most that policies do for the tenant: of this and the policy's own mode, the stricter holds. Default: none, the policy's.</summary>
    public CacheMode? Mode { get; init; }

    /// <summary>About how many entries the tenant may have in the store; 1 to 100000000. Beyond it, nothing new is stored. Default: none.</summary>
    public long? MaxEntries { get; init; }

    /// <summary>About how many bytes the tenant's entries may take in the store; 1024 to 1099511627776 (1 TiB). Default: none.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>What the tenant does not say itself is as it is for everybody.</summary>
    public TenantLimits Over(TenantLimits? everybody) => this with
    {
        Mode = Mode ?? everybody?.Mode,
        MaxEntries = MaxEntries ?? everybody?.MaxEntries,
        MaxBytes = MaxBytes ?? everybody?.MaxBytes,
    };
}

/// <summary>How much a tenant may have in the store; each is <see cref="long.MaxValue"/> where nothing limits it.</summary>
internal sealed record TenantQuota(long MaxEntries, long MaxBytes);

/// <summary>A policy as it is for each tenant. Most are the policy itself.</summary>
internal sealed class TenantPolicies
{
    private readonly FrozenDictionary<string, CachePolicy> _named;
    private readonly CachePolicy _others;

    /// <param name="policy">As it is without limits.</param>
    /// <param name="tenants">The limits of all tenants that have some.</param>
    public TenantPolicies(CachePolicy policy, ImmutableArray<TenantLimits> tenants)
    {
        var everybody = tenants.FirstOrDefault(static tenant => tenant.Name == TenantLimits.Everybody);
        _others = everybody is null ? policy : Under(policy, everybody);
        _named = tenants
            .Where(static tenant => tenant.Name != TenantLimits.Everybody)
            .ToFrozenDictionary(static tenant => tenant.Name, tenant => Under(policy, tenant.Over(everybody)), StringComparer.Ordinal);
    }

    public CachePolicy Of(TenantName tenant) => _named.TryGetValue(tenant.Value, out var named) ? named : _others;

    private static CachePolicy Under(CachePolicy policy, TenantLimits limits)
    {
        var mode = Stricter(policy.Options.Mode, limits.Mode ?? CacheMode.On);
        var quota = limits.MaxEntries is null && limits.MaxBytes is null
            ? null
            : new TenantQuota(limits.MaxEntries ?? long.MaxValue, limits.MaxBytes ?? long.MaxValue);
        return mode == policy.Options.Mode && quota is null ? policy : policy.Under(mode, quota);
    }

    private static CacheMode Stricter(CacheMode one, CacheMode other) =>
        one == CacheMode.Off || other == CacheMode.Off ? CacheMode.Off
        : one == CacheMode.Shadow || other == CacheMode.Shadow ? CacheMode.Shadow
        : CacheMode.On;
}
