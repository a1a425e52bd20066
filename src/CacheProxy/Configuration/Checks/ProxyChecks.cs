using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>What CacheProxy asks of routes and clusters beyond YARP's own checks, apart from caching.</summary>
internal static class ProxyChecks
{
    public static void Check(YarpCandidate candidate, List<ConfigurationProblem> problems)
    {
        if (candidate.Routes.Count == 0)
        {
            problems.Add(new(Key("Routes"), null, "missing; at least one route, such as everything-else with Match:Path {**path}"));
        }

        foreach (var cluster in candidate.Clusters)
        {
            CheckCluster(cluster, problems);
        }

        var clusters = candidate.Clusters.Select(static cluster => cluster.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var route in candidate.Routes)
        {
            CheckRoute(route, clusters, problems);
        }
    }

    private static void CheckCluster(ClusterConfig cluster, List<ConfigurationProblem> problems)
    {
        var key = Key($"Clusters:{cluster.ClusterId}");
        if (cluster.Destinations is not { Count: > 0 } destinations)
        {
            problems.Add(new($"{key}:Destinations", null, "missing; at least one destination with an Address"));
            return;
        }

        foreach (var (name, destination) in destinations)
        {
            if (!Uri.TryCreate(destination.Address, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                problems.Add(new(
                    $"{key}:Destinations:{name}:Address", destination.Address, "an absolute address such as http://localhost:4005/"));
            }
        }
    }

    private static void CheckRoute(RouteConfig route, HashSet<string> clusters, List<ConfigurationProblem> problems)
    {
        var key = Key($"Routes:{route.RouteId}");
        if (route.ClusterId is null)
        {
            problems.Add(new($"{key}:ClusterId", null, $"missing; one of {string.Join(", ", clusters)}"));
        }
        else if (!clusters.Contains(route.ClusterId))
        {
            var meant = NearestName.Of(route.ClusterId, clusters) is { } nearest ? $"; did you mean {nearest}?" : "";
            problems.Add(new($"{key}:ClusterId", route.ClusterId, $"the name of a section in {Key("Clusters")}{meant}"));
        }

        RefuseForeignPolicy($"{key}:AuthorizationPolicy", route.AuthorizationPolicy, "Anonymous", problems);
        RefuseForeignPolicy($"{key}:CorsPolicy", route.CorsPolicy, "Disable", problems);
        RefuseForeignPolicy($"{key}:RateLimiterPolicy", route.RateLimiterPolicy, "Disable", problems);
    }

    // These name policies of an application's code. There is none here, and YARP would answer every request of the route with 500.
    private static void RefuseForeignPolicy(string key, string? value, string harmless, List<ConfigurationProblem> problems)
    {
        if (value is not null && !value.Equals(harmless, StringComparison.OrdinalIgnoreCase))
        {
            problems.Add(new(key, value, $"nothing, or {harmless}"));
        }
    }

    private static string Key(string name) => $"{ReverseProxyShape.SectionName}:{name}";
}
