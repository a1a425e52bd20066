using CacheProxy.Configuration.Policies;
using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>
/// Whether routes and policies fit: a route must provide what its policy's key names, and two resources must not come to share a key.
/// </summary>
internal static class RouteChecks
{
    /// <param name="routes">All routes.</param>
    /// <param name="policies">The policies that could be read.</param>
    /// <param name="refused">Names of policies that could not be: what is wrong with them has been said.</param>
    /// <param name="problems">Takes everything that is wrong.</param>
    public static void Check(
        IReadOnlyList<RouteConfig> routes, PolicySet policies, IReadOnlySet<string> refused, List<ConfigurationProblem> problems)
    {
        var users = new Dictionary<CachePolicy, RouteConfig>();
        foreach (var route in routes)
        {
            var key = $"{ReverseProxyShape.SectionName}:Routes:{route.RouteId}:Metadata";
            if (Value(route, RouteMetadata.CachePolicy) is { Length: > 0 } name && !refused.Contains(name)
                && Find($"{key}:{RouteMetadata.CachePolicy}", name, policies, problems) is { } policy)
            {
                CheckCached($"{key}:{RouteMetadata.CachePolicy}", route, policy, problems);
                CheckAlone($"{key}:{RouteMetadata.CachePolicy}", route, policy, users, problems);
            }

            var evicts = RouteMetadata.SplitEvicts(Value(route, RouteMetadata.Evicts) ?? "");
            foreach (var evicted in evicts.Where(name => !refused.Contains(name)))
            {
                if (Find($"{key}:{RouteMetadata.Evicts}", evicted, policies, problems) is { } other)
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
            else if (!policy.Template.NamesPath && PathOf(first) != PathOf(route))
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
