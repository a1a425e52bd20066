using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using CacheProxy.Identity;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Policies;

/// <summary>
/// What the metadata of one route asks for, and the rules of the same configuration. Each request finds it at the endpoint it was
/// routed to, so that a reload never judges a request by two configurations.
/// </summary>
/// <param name="Policy">The policy that its responses are cached by; <c>null</c> for none.</param>
/// <param name="Evicts">The policies whose keys, of the route's values, an unsafe request on it also evicts.</param>
/// <param name="Rules">What holds for every request of the configuration.</param>
internal sealed record RouteCaching(CachePolicy? Policy, ImmutableArray<CachePolicy> Evicts, RequestRules Rules)
{
    /// <summary>
    /// The policy by which reads are answered; <c>null</c> where they are forwarded as if there were none. That is so for lists whose policy is
    /// off, too: nobody expects a list to come from a cache, so that nothing in the answer needs to say why it does not.
    /// </summary>
    public CachePolicy? Reads { get; } = Policy is { Options.Mode: CacheMode.Off, Template.NamesOneResource: true } ? null : Policy;

    /// <summary>The spelling of a path that has the policy's plain variants; <c>null</c> without a policy.</summary>
    public CanonicalPath? CanonicalPath { get; init; }

    /// <summary>What an unsafe request on it also evicts by values that stand in its body or in the answer.</summary>
    public ImmutableArray<PointedEviction> Pointed { get; init; } = [];

    /// <summary>The tags that an unsafe request on it also evicts.</summary>
    public ImmutableArray<TagTemplate> EvictedTags { get; init; } = [];

    /// <summary>Whether the route neither caches nor evicts.</summary>
    public bool IsEmpty => Policy is null && Evicts.IsEmpty && EvictedTags.IsEmpty;

    /// <summary>
    /// The tenant of a request that is forwarded, for those who count or show it; <c>null</c> where it is in doubt. A token that was judged on the
    /// request's way has been counted there.
    /// </summary>
    public static string? TenantOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>()?.Rules.Uncounted.Tenants.Resolve(context.Request)
            is { Kind: TenantResolutionKind.Found, Tenant.Value: var tenant }
            ? tenant
            : null;
}

/// <summary>The names in a YARP route's metadata that CacheProxy reads.</summary>
internal static class RouteMetadata
{
    /// <summary>The policy by which the route's responses are cached.</summary>
    public const string CachePolicy = "CachePolicy";

    /// <summary>Comma-separated policies whose keys an unsafe request on the route also evicts, and tags: <c>tag:plan:{id}</c>.</summary>
    public const string Evicts = "Evicts";

    public static string[] SplitEvicts(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>
/// Ties each YARP endpoint to the <see cref="RouteCaching"/> of its configuration. YARP keeps the endpoint of a route that did not
/// change; a number in the metadata, new with each configuration, makes every route a changed one.
/// </summary>
internal sealed class RouteGeneration
{
    private const string MetadataName = "CacheProxy.Generation";

    // By the identity of the route that YARP was given: while YARP takes over a configuration, two routes may have the same id.
    private readonly ConditionalWeakTable<RouteConfig, RouteCaching> _caching = [];
    private int _count;

    /// <summary>The routes as YARP is to be given them.</summary>
    public IReadOnlyList<RouteConfig> Begin(IReadOnlyList<RouteConfig> routes, RequestRules rules)
    {
        var number = Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture);
        return [.. routes.Select(route => Mark(route, number, rules.Routes[route.RouteId]))];
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
