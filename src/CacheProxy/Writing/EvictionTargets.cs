using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Writing;

/// <summary>
/// Finds the resources that an unsafe request may change. Where a read in doubt would be forwarded, a write evicts everything that it
/// may mean: evicting too much costs a miss, evicting too little causes a stale read.
/// </summary>
internal sealed class EvictionTargets
{
    private readonly List<EvictionTarget> _targets = new(1);
    private readonly HttpRequest _request;
    private readonly string? _method;
    private readonly FoldedHeaders _folded;
    private readonly TenantResolution _tenants;

    private EvictionTargets(HttpRequest request, string? method, FoldedHeaders folded, TenantResolver tenants)
    {
        _request = request;
        _method = method;
        _folded = folded;
        _tenants = tenants.Resolve(request, folded);
    }

    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="method">Its method; <c>null</c> when something may override it.</param>
    public static EvictionTarget[] Find(HttpContext context, RouteCaching route, string? method)
    {
        var folded = FoldedHeaders.Of(context.Request.Headers);
        var isDoubtful = IsDoubtful(context, folded);
        if (route.IsEmpty && !isDoubtful)
        {
            return [];
        }

        var found = new EvictionTargets(context.Request, method, folded, route.Rules.Tenants);
        found.Add(route, context.Request.Path.Value ?? "", context.Request.RouteValues);
        if (isDoubtful)
        {
            found.AddDoubtful(context, route.Rules.CachedRoutes);
        }

        return [.. found._targets];
    }

    /// <summary>Whether the API may take the request for another resource than routing did.</summary>
    private static bool IsDoubtful(HttpContext context, FoldedHeaders folded) =>
        !WellFormedPath.Check(PathOf(context)) || MethodOverride.ChangesTarget(context.Request.Headers, folded);

    private static ReadOnlySpan<char> PathOf(HttpContext context)
    {
        var target = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").AsSpan();
        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    private void AddDoubtful(HttpContext context, CachedRoutes routes)
    {
        AddLeniently(LenientPath.Read(PathOf(context)), routes);
        foreach (var header in MethodOverride.TargetHeaders)
        {
            foreach (var target in StringValues.Concat(context.Request.Headers[header], _folded.ValuesFor(header)))
            {
                AddLeniently(LenientPath.Read(target), routes);
            }
        }
    }

    private void AddLeniently(string path, CachedRoutes routes) =>
        routes.Match(path, (caching, values) => Add(caching, path, values));

    private void Add(RouteCaching caching, string path, RouteValueDictionary values)
    {
        if (caching.Policy is { } policy && policy.EvictsOn(_method))
        {
            Add(policy, path, values);
        }

        foreach (var evicted in caching.Evicts)
        {
            Add(evicted, path, values);
        }
    }

    private void Add(CachePolicy policy, string path, RouteValueDictionary values)
    {
        if (!policy.Template.NeedsTenant || _tenants.Kind == TenantResolutionKind.Found)
        {
            Add(policy, _tenants.Tenant, path, values);
            return;
        }

        foreach (var candidate in _tenants.Candidates)
        {
            Add(policy, candidate, path, values);
        }
    }

    private void Add(CachePolicy policy, TenantName tenant, string path, RouteValueDictionary values)
    {
        var source = new KeySource(tenant, _request.Host.Value ?? "", path, values);
        if (!policy.Template.TryFormatForEviction(source, out var key))
        {
            return;
        }

        foreach (var target in _targets)
        {
            if (target.Key == key)
            {
                return;
            }
        }

        _targets.Add(new EvictionTarget(policy, key, policy.Template.NeedsTenant ? tenant.Value : null, policy.IdOf(values)));
    }
}

/// <summary>A resource that a write may change.</summary>
/// <param name="Policy">The policy whose key it is.</param>
/// <param name="Key">Its key.</param>
/// <param name="Tenant">Its tenant, for the log; <c>null</c> when the key names none.</param>
/// <param name="Id">Its id, for the log.</param>
internal readonly record struct EvictionTarget(CachePolicy Policy, ResourceKey Key, string? Tenant, string? Id);
