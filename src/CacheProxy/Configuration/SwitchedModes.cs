using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;

namespace CacheProxy.Configuration;

/// <summary>The modes of policies and tenants that were switched at run time, in place of those that are configured. Immutable.</summary>
internal sealed record SwitchedModes
{
    public static readonly SwitchedModes None = new();

    /// <summary>Enough for every tenant that an operator names by hand.</summary>
    public const int MostTenants = 1000;

    public ImmutableDictionary<string, CacheMode> Policies { get; init; } = ImmutableDictionary.Create<string, CacheMode>(StringComparer.OrdinalIgnoreCase);

    public ImmutableDictionary<string, CacheMode> Tenants { get; init; } = ImmutableDictionary.Create<string, CacheMode>(StringComparer.Ordinal);

    public int Count => Policies.Count + Tenants.Count;

    /// <summary>The configuration as it is under them.</summary>
    public ConfigurationSnapshot Over(ConfigurationSnapshot configured)
    {
        if (Count == 0)
        {
            return configured;
        }

        var options = configured.Options with
        {
            Policies = [.. configured.Options.Policies.Select(policy => Policies.TryGetValue(policy.Name, out var mode) ? policy with { Mode = mode } : policy)],
            Tenants =
            [
                .. configured.Options.Tenants.Where(tenant => !Tenants.ContainsKey(tenant.Name)),
                .. Tenants.Select(switched => (Find(configured.Options, switched.Key) ?? new TenantLimits { Name = switched.Key }) with { Mode = switched.Value }),
            ],
        };
        var policies = new PolicySet(options.Policies, options.Redis.KeyPrefix, options.Credentials.FingerprintSecret, options.Tenants);
        return new ConfigurationSnapshot
        {
            Options = options,
            Policies = policies,
            Rules = new RequestRules(options, policies, configured.Proxy.Routes),
            Listeners = configured.Listeners,
            Logging = configured.Logging,
            Proxy = configured.Proxy,
            Values = configured.Values,
        };
    }

    /// <summary>Those that outlive a reload: where it changes what is configured, the configuration holds again.</summary>
    public SwitchedModes After(CacheProxyOptions before, CacheProxyOptions now) => new()
    {
        Policies = Policies.RemoveRange(Policies.Keys.Where(name => ModeOf(before, name) != ModeOf(now, name) || ModeOf(now, name) is null)),
        Tenants = Tenants.RemoveRange(Tenants.Keys.Where(name => Find(before, name)?.Mode != Find(now, name)?.Mode)),
    };

    /// <summary>The mode that is configured for a policy; <c>null</c> where there is none of that name.</summary>
    public static CacheMode? ModeOf(CacheProxyOptions options, string policy) =>
        options.Policies.FirstOrDefault(one => one.Name.Equals(policy, StringComparison.OrdinalIgnoreCase))?.Mode;

    /// <summary>What is configured for a tenant, by its name.</summary>
    public static TenantLimits? Find(CacheProxyOptions options, string tenant) =>
        options.Tenants.FirstOrDefault(one => one.Name.Equals(tenant, StringComparison.Ordinal));
}
