using CacheProxy.Configuration;
using CacheProxy.Keys;
using CacheProxy.Policies;
using CacheProxy.Tenancy;

namespace CacheProxy.Eviction;

/// <summary>
/// Finds the resources that an unsafe request may change. Where a read would be forwarded for doubt, a write evicts whatever it may
/// mean: evicting too much costs a miss, too little a stale read.
/// </summary>
internal static class EvictionTargets
{
    /// <param name="context">The request.</param>
    /// <param name="caching">What its route asks for.</param>
    /// <param name="method">Its method, or the one that overrides it.</param>
    /// <param name="configuration">The configuration in force.</param>
    public static EvictionTarget[] Find(HttpContext context, RouteCaching caching, string method, ConfigurationSnapshot configuration)
    {
        var targets = new List<EvictionTarget>(1);
        var resolution = configuration.Tenants.Resolve(context.Request);
        if (caching.Policy is { } policy && policy.EvictsOn(method))
        {
            AddForTenants(targets, context.Request, policy, resolution);
        }

        foreach (var evicted in caching.Evicts)
        {
            AddForTenants(targets, context.Request, evicted, resolution);
        }

        return [.. targets];
    }

    private static void AddForTenants(
        List<EvictionTarget> targets, HttpRequest request, CachePolicy policy, in TenantResolution resolution)
    {
        if (!policy.Template.NeedsTenant || resolution.Kind == TenantResolutionKind.Found)
        {
            Add(targets, request, policy, resolution.Tenant);
            return;
        }

        foreach (var candidate in resolution.Candidates)
        {
            Add(targets, request, policy, candidate);
        }
    }

    private static void Add(List<EvictionTarget> targets, HttpRequest request, CachePolicy policy, TenantName tenant)
    {
        var source = new KeySource(tenant, request.Host.Value ?? "", request.Path.Value ?? "", request.RouteValues);
        if (!policy.Template.TryFormatForEviction(source, out var key))
        {
            return;
        }

        foreach (var target in targets)
        {
            if (target.Key == key)
            {
                return;
            }
        }

        targets.Add(new EvictionTarget(policy, key, policy.Template.NeedsTenant ? tenant.Value : null, policy.IdOf(request.RouteValues)));
    }
}
