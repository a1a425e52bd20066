using System.Globalization;
using System.Runtime.CompilerServices;
using CacheProxy.Configuration.Policies;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration;

/// <summary>
/// Ties each YARP endpoint to the <see cref="RouteCaching"/> of the configuration that made it. YARP keeps the endpoint of a route that
/// did not change; a number in the metadata, new with each configuration, makes every route a changed one.
/// </summary>
internal sealed class RouteGeneration
{
    private const string MetadataName = "CacheProxy.Generation";

    // By identity of the route that YARP was given: two configurations may know one route id, and meet while YARP takes over the second.
    private readonly ConditionalWeakTable<RouteConfig, RouteCaching> _caching = [];
    private int _count;

    /// <summary>The routes as YARP is to be given them.</summary>
    public IReadOnlyList<RouteConfig> Begin(ConfigurationSnapshot snapshot)
    {
        var number = Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture);
        return [.. snapshot.Proxy.Routes.Select(route => Mark(route, number, snapshot.Routes[route.RouteId]))];
    }

    /// <summary>Called by YARP for each endpoint it builds.</summary>
    public void Attach(IEndpointConventionBuilder endpoint, RouteConfig route)
    {
        if (_caching.TryGetValue(route, out var caching))
        {
            endpoint.WithMetadata(caching);
        }
    }

    private RouteConfig Mark(RouteConfig route, string number, RouteCaching caching)
    {
        var metadata = new Dictionary<string, string>(route.Metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase)
        {
            [MetadataName] = number,
        };
        var marked = route with { Metadata = metadata };
        _caching.Add(marked, caching);
        return marked;
    }
}
