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
    private const string Destination = "Destination";

    private readonly List<EvictionTarget> _targets = new(1);
    private readonly HttpRequest _request;
    private readonly string? _method;
    private readonly FoldedHeaders _folded;
    private readonly TenantResolution _tenants;
    private PointedTargets? _pointed;

    private EvictionTargets(HttpRequest request, string? method, FoldedHeaders folded, TenantResolver tenants)
    {
        _request = request;
        _method = method;
        _folded = folded;
        _tenants = tenants.Resolve(request, folded);
    }

    /// <summary>For a write of which only somebody's word is known: there is no request, but what it says of one.</summary>
    /// <param name="request">Stands for the request; its host counts.</param>
    /// <param name="tenants">Whose it is.</param>
    public EvictionTargets(HttpRequest request, TenantResolution tenants)
    {
        _request = request;
        _tenants = tenants;
    }

    /// <summary>How many have been found.</summary>
    public int Count => _targets.Count;

    /// <summary>Finds what a body names besides; <c>null</c> when nothing asks for that.</summary>
    public PointedTargets? Pointed => _pointed;

    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="method">Its method; <c>null</c> when something may override it.</param>
    public static EvictionTarget[] Find(HttpContext context, RouteCaching route, string? method) => Find(context, route, method, out _);

    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="method">Its method; <c>null</c> when something may override it.</param>
    /// <param name="pointed">Finds what its body and the answer name besides; <c>null</c> when nothing asks for that.</param>
    public static EvictionTarget[] Find(HttpContext context, RouteCaching route, string? method, out PointedTargets? pointed)
    {
        pointed = null;
        var folded = FoldedHeaders.Of(context.Request.Headers);
        var isDoubtful = IsDoubtful(context, folded);
        if (route.IsEmpty && !isDoubtful)
        {
            return [];
        }

        var found = new EvictionTargets(context.Request, method, folded, route.Rules.Tenants);
        found.Add(route, method, context.Request.Path.Value ?? "", context.Request.RouteValues);
        if (isDoubtful)
        {
            found.AddDoubtful(context, route.Rules.CachedRoutes);
        }

        pointed = found._pointed;
        return found.From(0);
    }

    /// <summary>All that were found but the first so many.</summary>
    public EvictionTarget[] From(int start) => _targets.Count == start ? [] : [.. _targets[start..]];

    /// <summary>Adds what the policy's key makes of these values. False when it makes none.</summary>
    public bool Add(CachePolicy policy, string path, RouteValueDictionary values)
    {
        if (!policy.Template.NeedsTenant || _tenants.Kind == TenantResolutionKind.Found)
        {
            return Add(policy, _tenants.Tenant, path, values);
        }

        var any = false;
        foreach (var candidate in _tenants.Candidates)
        {
            any |= Add(policy, candidate, path, values);
        }

        return any;
    }

    /// <summary>The tags of these names that a request may mean.</summary>
    public static List<EvictionTarget> OfTags(HttpContext context, RouteCaching route, IEnumerable<string> names)
    {
        var found = new EvictionTargets(context.Request, context.Request.Method, FoldedHeaders.Of(context.Request.Headers), route.Rules.Tenants);
        foreach (var name in names)
        {
            found.AddTag(route.Rules.Tags, needsTenant: false, _ => name);
        }

        return found._targets;
    }

    /// <summary>Adds all that a write on the route evicts, whichever its method is.</summary>
    public void Add(RouteCaching caching, string path, RouteValueDictionary values) => Add(caching, method: null, path, values);

    /// <summary>Adds the tags of this name.</summary>
    public void AddTag(TagEvictions tags, string name) => AddTag(tags, needsTenant: false, _ => name);

    /// <summary>Whether the API may take the request for another resource than routing did.</summary>
    private static bool IsDoubtful(HttpContext context, FoldedHeaders folded) =>
        !WellFormedPath.Check(PathOf(context))
        || MethodOverride.ChangesTarget(context.Request.Headers, folded)
        || context.Request.Headers.ContainsKey(Destination)
        || folded.ValuesFor(Destination).Count > 0;

    private static ReadOnlySpan<char> PathOf(HttpContext context)
    {
        var target = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").AsSpan();
        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    private void AddDoubtful(HttpContext context, CachedRoutes routes)
    {
        AddLeniently(LenientPath.Read(PathOf(context)), _method, routes);
        foreach (var header in RareHeaders.TargetNames)
        {
            foreach (var target in StringValues.Concat(context.Request.Headers[header], _folded.ValuesFor(header)))
            {
                AddLeniently(LenientPath.Read(target), _method, routes);
            }
        }

        // RFC 4918 §10.3: COPY and MOVE write there what stands at the target, as a PUT would, whichever methods the policy names.
        foreach (var target in StringValues.Concat(context.Request.Headers[Destination], _folded.ValuesFor(Destination)))
        {
            AddLeniently(LenientPath.Read(target), method: null, routes);
        }
    }

    private void AddLeniently(string path, string? method, CachedRoutes routes) =>
        routes.Match(path, (caching, values) => Add(caching, method, path, values));

    private void Add(RouteCaching caching, string? method, string path, RouteValueDictionary values)
    {
        if (caching.Policy is { } policy && policy.EvictsOn(method))
        {
            Add(policy, path, values);
        }

        foreach (var evicted in caching.Evicts)
        {
            Add(evicted, path, values);
        }

        foreach (var tag in caching.EvictedTags)
        {
            AddTag(caching.Rules.Tags, tag.NeedsTenant, tenant => tag.TryFormat(tenant, values, lenient: true, out var name) ? name : null);
        }

        if (!caching.Pointed.IsEmpty)
        {
            (_pointed ??= new PointedTargets(this)).Add(caching, path, values);
        }
    }

    private bool Add(CachePolicy policy, TenantName tenant, string path, RouteValueDictionary values)
    {
        var source = new KeySource(tenant, _request.Host.Value ?? "", path, values);
        if (!policy.Template.TryFormatForEviction(source, out var key))
        {
            return false;
        }

        Add(new EvictionTarget(policy, key, policy.Template.NeedsTenant ? tenant.Value : null, policy.IdOf(values)));
        return true;
    }

    private void AddTag(TagEvictions tags, bool needsTenant, Func<string?, string?> nameFor)
    {
        foreach (var scope in tags.Scopes)
        {
            TenantName[] tenants = (needsTenant || scope.NeedsTenant) && _tenants.Kind != TenantResolutionKind.Found
                ? [.. _tenants.Candidates]
                : [_tenants.Tenant];
            foreach (var tenant in tenants)
            {
                var source = new KeySource(tenant, _request.Host.Value ?? "", "", _request.RouteValues);
                if (nameFor(tenant.Value) is { } name && TagName.IsValid(name) && scope.TryFormatForEviction(source, out var start))
                {
                    Add(new EvictionTarget(tags.Policy, TagName.KeyOf(start, name), scope.NeedsTenant ? tenant.Value : null, name));
                }
            }
        }
    }

    private void Add(in EvictionTarget added)
    {
        foreach (var target in _targets)
        {
            if (target.Key == added.Key)
            {
                return;
            }
        }

        _targets.Add(added);
    }
}

/// <summary>A resource that a write may change.</summary>
/// <param name="Policy">The policy whose key it is.</param>
/// <param name="Key">Its key.</param>
/// <param name="Tenant">Its tenant, for the log; <c>null</c> when the key names none.</param>
/// <param name="Id">Its id, for the log.</param>
internal readonly record struct EvictionTarget(CachePolicy Policy, ResourceKey Key, string? Tenant, string? Id)
{
    /// <inheritdoc cref="CachePolicy.IsFenced"/>
    public bool IsFenced => Policy.IsFenced;
}

/// <summary>
/// The resources that a successful answer to a write names in <c>Location</c> and <c>Content-Location</c> (RFC 9111 §4.4). Only for
/// keys that name the path: any other key would need the route values of the named path, and routing has not matched that path.
/// </summary>
internal sealed class AffectedTargets(RouteCaching route)
{
    /// <summary>The targets; <c>null</c> for none, which is nearly always.</summary>
    public List<EvictionTarget>? Find(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (route.Policy is not { Template.NamesPath: true } policy
            || (headers.Location.Count == 0 && headers.ContentLocation.Count == 0)
            || !AffectedResources.IsNonError(context.Response.StatusCode))
        {
            return null;
        }

        var (location, contentLocation) = AffectedResources.Of(context.Request, headers);
        var targets = new List<EvictionTarget>(2);
        Add(targets, context.Request, policy, location);
        Add(targets, context.Request, policy, contentLocation);
        return targets;
    }

    private void Add(List<EvictionTarget> targets, HttpRequest request, CachePolicy policy, string? pathAndQuery)
    {
        if (pathAndQuery is null)
        {
            return;
        }

        var query = pathAndQuery.IndexOf('?');
        var path = Uri.UnescapeDataString(query < 0 ? pathAndQuery : pathAndQuery[..query]);
        if (!policy.Template.NeedsTenant)
        {
            Add(targets, request, policy, default, path);
            return;
        }

        var tenants = route.Rules.Tenants.Resolve(request, FoldedHeaders.Of(request.Headers));
        foreach (var tenant in tenants.Kind == TenantResolutionKind.Found ? [tenants.Tenant] : tenants.Candidates)
        {
            Add(targets, request, policy, tenant, path);
        }
    }

    private static void Add(List<EvictionTarget> targets, HttpRequest request, CachePolicy policy, TenantName tenant, string path)
    {
        var source = new KeySource(tenant, request.Host.Value ?? "", path, request.RouteValues);
        if (policy.Template.TryFormatForEviction(source, out var key))
        {
            targets.Add(new EvictionTarget(policy, key, tenant.Value, policy.IdOf(request.RouteValues)));
        }
    }
}
