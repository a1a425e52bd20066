using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Configuration.Policies;

/// <summary>A policy, compiled: what requests read. Immutable.</summary>
internal sealed class CachePolicy
{
    private const string EveryMethod = "*";
    private const string EveryStatus = "*";

    private readonly FrozenSet<string> _evictOn;
    private readonly bool _evictOnEveryMethod;
    private readonly FrozenSet<string> _exceptIds;
    private readonly bool _readsQuery;
    private readonly bool _readsPost;

    /// <param name="options">Checked options.</param>
    /// <param name="template">The parsed <see cref="CachePolicyOptions.Key"/>, with the key prefix.</param>
    /// <param name="secret">Of the credentials' fingerprints.</param>
    public CachePolicy(CachePolicyOptions options, KeyTemplate template, string secret = "")
    {
        Claims = options.Credentials == CredentialsMode.Claims ? new ClaimSelection(options.Claims, secret) : null;
        Options = options;
        Template = template;
        Events = new CacheEventTexts(options.Name);
        Tags = new PolicyTags(options, template);
        IdValueName = template.RouteValueNames.Contains("id") ? "id" : template.RouteValueNames.LastOrDefault();
        // In any case: an HTTP client or an API may take "put" for PUT.
        _evictOn = options.EvictOn.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _evictOnEveryMethod = _evictOn.Contains(EveryMethod);
        // In any case: to an API, "Me" may be the caller, too.
        _exceptIds = options.ExceptIds.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _readsQuery = options.ReadMethods.Contains(Methods.Query);
        _readsPost = options.ReadMethods.Contains(HttpMethods.Post);
        VaryBy = VaryNames.TryParse(new StringValues([.. options.VaryBy]), out var names) ? [.. names.Split(',')] : [];
        AuditIgnore = [.. options.AuditIgnore.Select(static text => JsonPointer.TryParse(text, out var pointer) ? pointer : JsonPointer.Whole)];
        Storage = new StoragePolicy(
            // What is written how often is not known before the end of a fill.
            options.AdaptiveTtl?.Min ?? options.Ttl,
            options.NegativeTtl,
            Statuses(options),
            options.StatusCodes.Contains(EveryStatus),
            options.HeuristicFreshness,
            options.StaleWhileRevalidate,
            options.StaleIfError);
    }

    public string Name => Options.Name;

    public CachePolicyOptions Options { get; private set; }

    public KeyTemplate Template { get; }

    /// <summary>The request headers that are always part of the variant: sorted, in lower case, each once.</summary>
    public ImmutableArray<string> VaryBy { get; }

    /// <summary>The claims that callers share by; <c>null</c> where they do not.</summary>
    public ClaimSelection? Claims { get; }

    /// <summary>What does not count where an answer is compared with what is stored.</summary>
    public ImmutableArray<JsonPointer> AuditIgnore { get; }

    /// <summary>What HTTP's rules need to know of the policy.</summary>
    public StoragePolicy Storage { get; }

    /// <summary>What its responses contain of other policies' resources; <c>null</c> for nothing.</summary>
    public PolicyDependencies? Dependencies { get; init; }

    /// <summary>Whether a stored response names all that it contains by the policy's present rules.</summary>
    public bool Knows(StoredResponse stored) => Dependencies?.Made(stored) != false;

    /// <summary>Whether other policies' responses contain its resources: each write to one of them then begins and ends on its index.</summary>
    public bool HasDependents { get; init; }

    /// <summary>The policy's log events.</summary>
    public CacheEventTexts Events { get; }

    /// <summary>Where the tags of its responses come from.</summary>
    public PolicyTags Tags { get; }

    /// <summary>The route value that the log events call the resource's id; <c>null</c> when the key has no route value.</summary>
    public string? IdValueName { get; }

    /// <summary>How much a tenant may have in the store; <c>null</c> for as much as there is room for.</summary>
    public TenantQuota? Quota { get; private set; }

    /// <summary>The policy as it is for each tenant; <c>null</c> when it is the same for all.</summary>
    public TenantPolicies? Tenants { get; set; }

    /// <summary>
    /// Whether writes set a fence. A policy that is off has no entry that this replica could serve or store; what others have is evicted
    /// before the write's client has its answer. A strict one wants its fence all the same: others may serve by it.
    /// </summary>
    public bool IsFenced => Options.Mode != CacheMode.Off || Options.WriteConsistency == WriteConsistency.Strict || HasDependents;

    /// <summary>The same policy, whatever belongs to it, in another mode and with a quota.</summary>
    public CachePolicy Under(CacheMode mode, TenantQuota? quota)
    {
        var limited = (CachePolicy)MemberwiseClone();
        (limited.Options, limited.Quota) = (Options with { Mode = mode }, quota);
        return limited;
    }

    /// <param name="method">The method of an unsafe request; <c>null</c> when it may be any.</param>
    public bool EvictsOn(string? method) => method is null || _evictOnEveryMethod || _evictOn.Contains(method);

    /// <summary>Whether a request of this method reads, and its content is part of the question. Names of methods are case-sensitive.</summary>
    public bool ReadsContentOf(string method) => (_readsQuery && method == Methods.Query) || (_readsPost && method == HttpMethods.Post);

    /// <summary>Whether a value of the route is an id that the policy never caches, also where the key names the path instead.</summary>
    public bool Excepts(RouteValueDictionary values)
    {
        if (_exceptIds.Count > 0)
        {
            foreach (var value in values)
            {
                if (value.Value is string id && _exceptIds.Contains(id))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The resource's id as the log events call it.</summary>
    public string? IdOf(RouteValueDictionary values) => IdValueName is { } name ? values[name] as string : null;

    private static FrozenSet<int> Statuses(CachePolicyOptions options) => options.StatusCodes
        .Where(static code => code != EveryStatus)
        .Select(static code => int.Parse(code, CultureInfo.InvariantCulture))
        .ToFrozenSet();
}

/// <summary>All policies of one configuration, by name without regard to case.</summary>
internal sealed class PolicySet
{
    private readonly FrozenDictionary<string, CachePolicy> _byName;

    /// <param name="options">Checked options: every key is a template.</param>
    /// <param name="keyPrefix">Put before every key.</param>
    /// <param name="secret">Of the credentials' fingerprints.</param>
    /// <param name="tenants">What tenants may have of each policy whose key names them.</param>
    public PolicySet(
        IEnumerable<CachePolicyOptions> options, string keyPrefix, string secret = "", ImmutableArray<TenantLimits> tenants = default)
    {
        var templates = options.ToDictionary(
            static policy => policy.Name,
            policy => (Options: policy, Template: Parse(policy, keyPrefix)),
            StringComparer.OrdinalIgnoreCase);
        var contained = templates.Values
            .SelectMany(static policy => policy.Options.DependsOn.Select(static dependency => dependency.Name))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        _byName = templates.Values.ToFrozenDictionary(
            static policy => policy.Options.Name,
            policy => new CachePolicy(policy.Options, policy.Template, secret)
            {
                Dependencies = PolicyDependencies.Of(policy.Options, name => templates.TryGetValue(name, out var found) ? found : null),
                HasDependents = contained.Contains(policy.Options.Name),
            },
            StringComparer.OrdinalIgnoreCase);
        foreach (var policy in tenants.IsDefaultOrEmpty ? [] : _byName.Values)
        {
            policy.Tenants = policy.Template.NeedsTenant ? new TenantPolicies(policy, tenants) : null;
        }

        Tags = new TagEvictions(_byName.Values);
    }

    public IEnumerable<CachePolicy> All => _byName.Values;

    /// <summary>What holds for evictions of tags.</summary>
    public TagEvictions Tags { get; }

    public CachePolicy? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What a route's metadata asks for. Names of unknown policies have been refused before.</summary>
    public RouteCaching ForRoute(IReadOnlyDictionary<string, string>? metadata, RequestRules rules)
    {
        var policy = metadata?.GetValueOrDefault(RouteMetadata.CachePolicy) is { } name ? Find(name) : null;
        CachePolicy[] evicts = [.. RouteMetadata.SplitEvicts(metadata?.GetValueOrDefault(RouteMetadata.Evicts) ?? "").Select(Find).OfType<CachePolicy>()];
        var written = policy is null ? evicts : evicts.Prepend(policy);
        return new RouteCaching(policy, [.. evicts.Concat(written.SelectMany(Unpointed)).Distinct()], rules)
        {
            Pointed = [.. written.Distinct().SelectMany(Pointed)],
            EvictedTags = TagEvictions.In(metadata?.GetValueOrDefault(RouteMetadata.Evicts) ?? ""),
        };
    }

    private IEnumerable<CachePolicy> Unpointed(CachePolicy written) =>
        written.Options.Evicts.Where(static rule => rule.Values.IsEmpty).Select(rule => Find(rule.Policy)).OfType<CachePolicy>();

    private IEnumerable<PointedEviction> Pointed(CachePolicy written) =>
        from rule in written.Options.Evicts
        where !rule.Values.IsEmpty
        let policy = Find(rule.Policy)
        where policy is not null
        select new PointedEviction(policy, rule.Values, written.Options.MaxBodyBytes);

    private static KeyTemplate Parse(CachePolicyOptions options, string keyPrefix) =>
        KeyTemplate.TryParse(options.Key, out var template, out var problem)
            ? template!.WithPrefix(keyPrefix)
            : throw new ArgumentException(problem, nameof(options));
}
