using System.Collections.Frozen;
using CacheProxy.Identity;

namespace CacheProxy.Configuration.Policies;

/// <summary>All policies of one configuration, by name without regard to case.</summary>
internal sealed class PolicySet
{
    private readonly FrozenDictionary<string, CachePolicy> _byName;

    /// <param name="options">Checked options: every key is a template.</param>
    /// <param name="keyPrefix">Put before every key.</param>
    public PolicySet(IEnumerable<CachePolicyOptions> options, string keyPrefix)
    {
        _byName = options.ToFrozenDictionary(
            static policy => policy.Name,
            policy => Compile(policy, keyPrefix),
            StringComparer.OrdinalIgnoreCase);
    }

    public IEnumerable<CachePolicy> All => _byName.Values;

    public CachePolicy? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What a route's metadata asks for. Names of policies that are not there have been refused before.</summary>
    public RouteCaching ForRoute(IReadOnlyDictionary<string, string>? metadata) => new(
        metadata?.GetValueOrDefault(RouteMetadata.CachePolicy) is { } name ? Find(name) : null,
        [.. RouteMetadata.SplitEvicts(metadata?.GetValueOrDefault(RouteMetadata.Evicts) ?? "").Select(Find).OfType<CachePolicy>()]);

    private static CachePolicy Compile(CachePolicyOptions options, string keyPrefix) =>
        KeyTemplate.TryParse(options.Key, out var template, out var problem)
            ? new CachePolicy(options, template!.WithPrefix(keyPrefix))
            : throw new ArgumentException(problem, nameof(options));
}
