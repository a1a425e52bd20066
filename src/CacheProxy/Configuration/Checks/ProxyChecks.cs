using CacheProxy.Configuration.Policies;
using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>What CacheProxy asks of routes and clusters beyond YARP's own checks, apart from caching.</summary>
internal static class ProxyChecks
{
    /// <param name="candidate">What YARP has parsed.</param>
    /// <param name="misshapen">What was left out of it: nothing is missing there, but has been reported otherwise.</param>
    /// <param name="problems">Receives every problem.</param>
    public static void Check(YarpCandidate candidate, MisshapenKeys misshapen, List<ConfigurationProblem> problems)
    {
        if (candidate.Routes.Count == 0 && !misshapen.AnyAtTheTop)
        {
            problems.Add(new(Key("Routes"), null, "missing; at least one route, such as everything-else with Match:Path {**path}"));
        }

        foreach (var cluster in candidate.Clusters)
        {
            CheckCluster(cluster, misshapen, problems);
        }

        var clusters = candidate.Clusters.Select(static cluster => cluster.ClusterId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var route in candidate.Routes)
        {
            if (!misshapen.AnyAtTheTop)
            {
                CheckClusterOf(route, clusters, misshapen, problems);
            }

            RefuseForeignPolicies(route, problems);
        }
    }

    private static void CheckCluster(ClusterConfig cluster, MisshapenKeys misshapen, List<ConfigurationProblem> problems)
    {
        var key = ReverseProxyShape.KeyOf(cluster);
        if (cluster.Destinations is not { Count: > 0 } destinations)
        {
            if (!misshapen.AnyIn(key))
            {
                problems.Add(new($"{key}:Destinations", null, "missing; at least one destination with an Address"));
            }

            return;
        }

        foreach (var (name, destination) in destinations)
        {
            var isMissing = string.IsNullOrEmpty(destination.Address) && misshapen.AnyIn($"{key}:Destinations:{name}");
            if (!isMissing
                && (!Uri.TryCreate(destination.Address, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")))
            {
                problems.Add(new(
                    $"{key}:Destinations:{name}:Address", destination.Address, "an absolute address such as http://localhost:4005/"));
            }
        }
    }

    private static void CheckClusterOf(
        RouteConfig route, HashSet<string> clusters, MisshapenKeys misshapen, List<ConfigurationProblem> problems)
    {
        var key = ReverseProxyShape.KeyOf(route);
        if (route.ClusterId is null)
        {
            if (!misshapen.AnyIn(key))
            {
                problems.Add(new($"{key}:ClusterId", null, $"missing; one of {string.Join(", ", clusters)}"));
            }
        }
        else if (!clusters.Contains(route.ClusterId) && !misshapen.AnyIn($"{Key("Clusters")}:{route.ClusterId}"))
        {
            var meant = NearestName.Of(route.ClusterId, clusters) is { } nearest ? $"; did you mean {nearest}?" : "";
            problems.Add(new($"{key}:ClusterId", route.ClusterId, $"the name of a section in {Key("Clusters")}{meant}"));
        }
    }

    private static void RefuseForeignPolicies(RouteConfig route, List<ConfigurationProblem> problems)
    {
        var key = ReverseProxyShape.KeyOf(route);
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

/// <summary>
/// Checks that routes and policies fit: a route must provide the values that its policy's key names, and two resources must never share
/// a key.
/// </summary>
internal static class RouteChecks
{
    /// <param name="routes">All routes.</param>
    /// <param name="policies">The policies that could be read.</param>
    /// <param name="refused">Names of policies that could not be read: their problems have been reported.</param>
    /// <param name="misshapen">Keys that could not be read: of a route that has any, only the names of its policies are checked.</param>
    /// <param name="problems">Receives every problem.</param>
    public static void Check(
        IReadOnlyList<RouteConfig> routes,
        PolicySet policies,
        IReadOnlySet<string> refused,
        MisshapenKeys misshapen,
        List<ConfigurationProblem> problems)
    {
        var users = new Dictionary<CachePolicy, RouteConfig>();
        foreach (var route in routes)
        {
            var isWhole = !misshapen.AnyIn(ReverseProxyShape.KeyOf(route));
            var key = $"{ReverseProxyShape.KeyOf(route)}:Metadata";
            if (Value(route, RouteMetadata.CachePolicy) is { Length: > 0 } name && !refused.Contains(name)
                && Find($"{key}:{RouteMetadata.CachePolicy}", name, policies, problems) is { } policy
                && isWhole)
            {
                CheckCached($"{key}:{RouteMetadata.CachePolicy}", route, policy, problems);
                CheckEvicts($"{key}:{RouteMetadata.CachePolicy}", route, policy, policies, problems);
                CheckAlone($"{key}:{RouteMetadata.CachePolicy}", route, policy, users, problems);
            }

            var evicts = RouteMetadata.SplitEvicts(Value(route, RouteMetadata.Evicts) ?? "");
            TagChecks.Check(route, evicts, isWhole ? Parameters(route) : null, policies, problems);
            foreach (var evicted in evicts.Where(name => !refused.Contains(name) && TagEvictions.TemplateIn(name) is null))
            {
                // A collection's route has not the values of what is written through it: /api/pets no {id}. What it evicts, the policy says.
                if (Find($"{key}:{RouteMetadata.Evicts}", evicted, policies, problems) is { Options.Evicts.IsEmpty: true } other && isWhole)
                {
                    RequireValues($"{key}:{RouteMetadata.Evicts}", Parameters(route), other, route, problems);
                }
            }
        }
    }

    private static CachePolicy? Find(string key, string name, PolicySet policies, List<ConfigurationProblem> problems)
    {
        var policy = policies.Find(name);
        if (policy is null)
        {
            var names = policies.All.Select(static known => known.Name).Order(StringComparer.Ordinal).ToArray();
            problems.Add(new(key, name, names.Length == 0
                ? $"the name of a policy; {CacheProxySettings.SectionName}:Policies has none"
                : $"the name of a policy: {string.Join(", ", names)}"));
        }

        return policy;
    }

    private static void CheckCached(string key, RouteConfig route, CachePolicy policy, List<ConfigurationProblem> problems)
    {
        var parameters = Parameters(route);
        RequireValues(key, parameters, policy, route, problems);
        if (policy.Template.NamesPath)
        {
            return;
        }

        var left = parameters.Where(name => !policy.Template.RouteValueNames.Contains(name, StringComparer.OrdinalIgnoreCase)).ToArray();
        if (left.Length > 0)
        {
            problems.Add(new(key, policy.Name, $"a policy whose Key also names {Braced(left)} of {route.Match.Path} or {{path}}, "
                + $"or different resources would share a key; it is {policy.Template.Text}"));
        }
    }

    // What no pointer gives must come from the route.
    private static void CheckEvicts(
        string key, RouteConfig route, CachePolicy policy, PolicySet policies, List<ConfigurationProblem> problems)
    {
        var parameters = Parameters(route);
        foreach (var rule in policy.Options.Evicts)
        {
            string[] given = [.. parameters, .. rule.Values.Select(static value => value.Name)];
            var missing = policies.Find(rule.Policy)?.Template.RouteValueNames
                .Where(name => !given.Contains(name, StringComparer.OrdinalIgnoreCase))
                .ToArray() ?? [];
            if (missing.Length > 0)
            {
                problems.Add(new(key, policy.Name, $"a policy whose Evicts the route can fill: of the policy {rule.Policy} it gives no "
                    + $"{Braced(missing)}, and {route.Match.Path ?? "(none)"} does not give it either"));
            }
        }
    }

    // Two paths, or one path on two APIs, are different resources; under one template they would read each other's entries.
    private static void CheckAlone(
        string key, RouteConfig route, CachePolicy policy, Dictionary<CachePolicy, RouteConfig> users, List<ConfigurationProblem> problems)
    {
        if (!users.TryAdd(policy, route) && users[policy] is var first)
        {
            if (!string.Equals(first.ClusterId, route.ClusterId, StringComparison.OrdinalIgnoreCase))
            {
                problems.Add(new(key, policy.Name,
                    $"a policy of its own: the route {first.RouteId} caches another cluster's answers by it"));
            }
            else if (!HaveSameTransforms(first, route))
            {
                problems.Add(new(key, policy.Name,
                    $"a policy of its own, or the Transforms of the route {first.RouteId}, which caches the answers to other requests by it"));
            }
            else if (!policy.Template.NamesPath && !policy.Template.NamesOneResource && PathOf(first) != PathOf(route))
            {
                problems.Add(new(key, policy.Name, $"a policy of its own, or {{path}} in its Key: the route {first.RouteId} with the path "
                    + $"{first.Match.Path} would share its keys"));
            }
        }
    }

    private static bool HaveSameTransforms(RouteConfig one, RouteConfig other)
    {
        var (left, right) = (one.Transforms ?? [], other.Transforms ?? []);
        return left.Count == right.Count && left.Zip(right).All(static pair =>
            pair.First.Count == pair.Second.Count
            && pair.First.All(value => pair.Second.TryGetValue(value.Key, out var same) && same == value.Value));
    }

    private static void RequireValues(
        string key, string[] parameters, CachePolicy policy, RouteConfig route, List<ConfigurationProblem> problems)
    {
        var missing = policy.Template.RouteValueNames
            .Where(name => !parameters.Contains(name, StringComparer.OrdinalIgnoreCase))
            .ToArray();
        if (missing.Length > 0)
        {
            problems.Add(new(key, policy.Name, $"a policy whose Key the route can fill: {policy.Template.Text} names {Braced(missing)}, "
                + $"which Match:Path {route.Match.Path ?? "(none)"} does not give"));
        }
    }

    private static string[] Parameters(RouteConfig route)
    {
        try
        {
            return [.. RoutePatternFactory.Parse(route.Match.Path ?? "").Parameters.Select(static parameter => parameter.Name)];
        }
        catch (RoutePatternException)
        {
            // YARP's validator has reported the pattern.
            return [];
        }
    }

    private static string? Value(RouteConfig route, string name) => route.Metadata?.GetValueOrDefault(name)?.Trim();

    private static string? PathOf(RouteConfig route) => route.Match.Path?.Trim('/').ToLowerInvariant();

    private static string Braced(string[] names) => string.Join(", ", names.Select(static name => $"{{{name}}}"));
}
