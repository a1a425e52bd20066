using System.Collections.Immutable;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Policies;

/// <summary>
/// The paths of all routes that evict, to ask which resources a path could mean that routing took for something else. By the path
/// alone: the route's other conditions could only leave resources out.
/// </summary>
internal sealed class CachedRoutes
{
    private readonly ImmutableArray<(TemplateMatcher Matcher, RouteCaching Caching)> _routes;

    public CachedRoutes(IEnumerable<RouteConfig> routes, PolicySet policies)
    {
        _routes =
        [
            .. routes
                .Select(route => (route.Match.Path, Caching: policies.ForRoute(route.Metadata)))
                .Where(static route => route is { Path: not null, Caching: not { Policy: null, Evicts.IsEmpty: true } })
                .Select(static route => (Matcher(route.Path!), route.Caching)),
        ];
    }

    /// <summary>Calls <paramref name="found"/> for each route that the path matches.</summary>
    public void Match(string path, Action<RouteCaching, RouteValueDictionary> found)
    {
        foreach (var (matcher, caching) in _routes)
        {
            var values = new RouteValueDictionary();
            if (matcher.TryMatch(path, values))
            {
                found(caching, values);
            }
        }
    }

    private static TemplateMatcher Matcher(string path) =>
        new(new RouteTemplate(RoutePatternFactory.Parse(path)), []);
}
