using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Writing;

/// <summary>What a write may have changed of which only somebody's word is known: there is no request, but what it says of one.</summary>
internal sealed partial class EvictionTargets
{
    /// <param name="request">Stands for the request; its host counts.</param>
    /// <param name="tenants">Whose it is.</param>
    public EvictionTargets(HttpRequest request, TenantResolution tenants) => (_request, _tenants) = (request, tenants);

    /// <summary>Finds what a body names besides; <c>null</c> when nothing asks for that.</summary>
    public PointedTargets? Pointed => _pointed;

    /// <summary>Adds all that a write on the route evicts, whichever its method is.</summary>
    public void Add(RouteCaching caching, string path, RouteValueDictionary values) => Add(caching, method: null, path, values);

    /// <summary>Adds the tags of this name.</summary>
    public void AddTag(TagEvictions tags, string name) => AddTag(tags, needsTenant: false, _ => name);
}
