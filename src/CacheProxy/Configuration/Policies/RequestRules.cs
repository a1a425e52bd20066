using System.Collections.Frozen;
using System.Collections.Immutable;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Policies;

/// <summary>What holds for every request of one configuration, besides its route's policies. Immutable.</summary>
internal sealed class RequestRules
{
    private RequestRules? _uncounted;

    public RequestRules(CacheProxyOptions options, PolicySet policies, IReadOnlyList<RouteConfig> routes)
    {
        Tokens = TokenVerifier.Of(
            options.Tokens, [.. policies.All.Select(static policy => policy.Claims).OfType<ClaimSelection>()], TenantResolver.Claims(options.Tenant));
        Tenants = new TenantResolver(options.Tenant, Tokens);
        Credentials = new CredentialFingerprint(options.Credentials);
        CredentialsBesideTokens = new CredentialFingerprint(options.Credentials, except: HeaderNames.Authorization);
        DecidingHeaders = new DecidingHeaders(
        [
            .. RareHeaders.MethodNames, .. RareHeaders.TargetNames, .. RareHeaders.ForwardedNames,
            .. Tokens is null ? [] : (string[])[HeaderNames.Authorization],
            .. Tenants.Headers, .. options.Credentials.Headers, .. options.Policies.SelectMany(static policy => policy.VaryBy),
            .. options.Policies.Any(static policy => policy.ReadMethods.Any(static method => method != HttpMethods.Get)) ? ContentDigest.Headers : [],
        ]);
        StoreTimeout = options.Redis.Timeout;
        Proposes = options.Shadow.Propose;
        SeesWrites = options.Policies.Any(static policy => policy.Mode == CacheMode.Shadow || (policy.Mode == CacheMode.On && policy.Audit > 0))
            || options.Tenants.Any(static tenant => tenant.Mode == CacheMode.Shadow);
        Tags = policies.Tags;
        // Of the routes that share a policy, the first one's path counts for all: a key stands for one spelling.
        var spellings = new Dictionary<CachePolicy, CanonicalPath>();
        Routes = routes.ToFrozenDictionary(
            static route => route.RouteId,
            route => Compile(route, policies, spellings),
            StringComparer.OrdinalIgnoreCase);
        CachedRoutes = new CachedRoutes(routes, Routes);
    }

    public TenantResolver Tenants { get; private set; }

    public CredentialFingerprint Credentials { get; }

    /// <summary>The same without <c>Authorization</c>, where the claims of its token stand for it.</summary>
    public CredentialFingerprint CredentialsBesideTokens { get; }

    /// <summary>Verifies bearer tokens; <c>null</c> where none is used.</summary>
    public TokenVerifier? Tokens { get; private set; }

    /// <summary>The headers that no other one may be taken for.</summary>
    public DecidingHeaders DecidingHeaders { get; }

    /// <summary>How long one request may wait for the store.</summary>
    public TimeSpan StoreTimeout { get; }

    /// <summary>Whether somebody wants to know which writes there are: a report on mode Shadow, or audits.</summary>
    public bool SeesWrites { get; }

    /// <summary>Whether requests on routes without a policy are counted.</summary>
    public bool Proposes { get; }

    /// <summary>Whether any of both is so.</summary>
    public bool SeesRequests => SeesWrites || Proposes;

    /// <summary>What holds for evictions of tags.</summary>
    public TagEvictions Tags { get; }

    /// <summary>By route id, for those who build endpoints. A request finds its own at its endpoint.</summary>
    public FrozenDictionary<string, RouteCaching> Routes { get; }

    /// <summary>The paths of the routes that evict.</summary>
    public CachedRoutes CachedRoutes { get; }

    /// <summary>The same for requests that nobody has made: their tokens are not counted. Made at the first of them.</summary>
    public RequestRules Uncounted => _uncounted ??= MakeUncounted();

    private RequestRules MakeUncounted()
    {
        var uncounted = (RequestRules)MemberwiseClone();
        uncounted.Tokens = Tokens?.Uncounted();
        uncounted.Tenants = Tenants.With(uncounted.Tokens);
        uncounted._uncounted = uncounted;
        return uncounted;
    }

    private RouteCaching Compile(RouteConfig route, PolicySet policies, Dictionary<CachePolicy, CanonicalPath> spellings)
    {
        var caching = policies.ForRoute(route.Metadata, this);
        if (caching.Policy is not { } policy)
        {
            return caching;
        }

        if (!spellings.TryGetValue(policy, out var spelling))
        {
            spelling = new CanonicalPath(policy.Template, route.Match.Path);
            spellings.Add(policy, spelling);
        }

        return caching with { CanonicalPath = spelling };
    }
}

/// <summary>
/// The paths of all routes that cache or evict, to find the resources that an API may see in a path that routing took for something
/// else. Only the path counts: the route's other conditions could only leave resources out.
/// </summary>
internal sealed class CachedRoutes
{
    private readonly ImmutableArray<(TemplateMatcher Matcher, RouteCaching Caching)> _routes;

    public CachedRoutes(IReadOnlyList<RouteConfig> routes, FrozenDictionary<string, RouteCaching> caching)
    {
        _routes =
        [
            .. routes
                .Select(route => (route.Match.Path, Caching: caching[route.RouteId]))
                .Where(static route => route is { Path: not null, Caching.IsEmpty: false })
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
