using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>Checks that routes can fill the tags of their policies, and those that they evict.</summary>
internal static class TagChecks
{
    /// <param name="route">The route.</param>
    /// <param name="evicts">What its metadata evicts.</param>
    /// <param name="parameters">The values that its path gives; <c>null</c> where that is not known.</param>
    /// <param name="policies">The policies that could be read.</param>
    /// <param name="problems">Receives every problem.</param>
    public static void Check(
        RouteConfig route, IEnumerable<string> evicts, string[]? parameters, PolicySet policies, List<ConfigurationProblem> problems)
    {
        var key = $"{ReverseProxyShape.KeyOf(route)}:Metadata";
        if (route.Metadata?.GetValueOrDefault(RouteMetadata.CachePolicy)?.Trim() is { Length: > 0 } name && policies.Find(name) is { } policy)
        {
            foreach (var tag in policy.Tags.Templates)
            {
                var others = policy.Tags.Pointers.Select(static pointer => pointer.Name);
                Require($"{key}:{RouteMetadata.CachePolicy}", policy.Name, "a policy whose Tags", tag, parameters?.Concat(others), route, problems);
            }
        }

        foreach (var text in evicts.Select(TagEvictions.TemplateIn).OfType<string>())
        {
            var evictsKey = $"{key}:{RouteMetadata.Evicts}";
            if (TagTemplate.TryParse(text, out var tag, out var problem))
            {
                Require(evictsKey, TagEvictions.Start + text, "a tag that", tag, parameters, route, problems);
            }
            else
            {
                problems.Add(new(evictsKey, TagEvictions.Start + text, problem!));
            }
        }
    }

    private static void Require(
        string key, string value, string what, TagTemplate tag, IEnumerable<string>? given, RouteConfig route, List<ConfigurationProblem> problems)
    {
        if (given is not null && tag.ValueNames.Except(given, StringComparer.OrdinalIgnoreCase).ToArray() is { Length: > 0 } missing)
        {
            problems.Add(new(key, value, $"{what} the route can fill: {tag.Text} names {string.Join(", ", missing.Select(static name => $"{{{name}}}"))}, "
                + $"which Match:Path {route.Match.Path ?? "(none)"} does not give"));
        }
    }
}
