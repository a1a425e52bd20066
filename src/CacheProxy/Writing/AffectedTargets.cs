using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Writing;

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
