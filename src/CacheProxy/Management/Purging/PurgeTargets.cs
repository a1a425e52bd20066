using System.Security.Cryptography;
using System.Text;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Management.Purging;

/// <summary>What a purge is about, by the configuration in force.</summary>
internal sealed record PurgeTargets(RunSubject Subject)
{
    private static readonly string[] Modes = ["Hard", "Soft"];

    /// <summary>Single resources, each with whether other policies' entries may contain it.</summary>
    public (ResourceKey Key, bool HasDependents)[] Resources { get; init; } = [];

    /// <summary>All resources of a kind; <c>null</c> for single ones.</summary>
    public KeySelection? Selection { get; init; }

    /// <summary>What is to be purged, or why nobody can tell. The reason quotes nothing of what was sent.</summary>
    public static (PurgeTargets? Targets, string Problem) Find(PurgeRequest request, ConfigurationSnapshot configuration)
    {
        var tenant = default(TenantName);
        if (request.Tenant is not null && !TenantName.TryParse(request.Tenant, out tenant))
        {
            return (null, "tenant is a DNS label: letters, digits, inner hyphens, at most 63.");
        }

        var policy = request.Policy is null ? null : configuration.Policies.Find(request.Policy);
        if (request.Policy is not null && policy is null)
        {
            return (null, $"policy is one of {string.Join(", ", configuration.Policies.All.Select(static known => known.Name).Order(StringComparer.Ordinal))}.");
        }

        return request.Tag is { } tag ? OfTag(request, tag, tenant, configuration)
            : request.Url is { } url ? OfUrl(request, url, tenant, configuration)
            : request.Key is { } key ? OfKey(request, policy!, key)
            : OfKind(request, policy, request.Tenant is null ? null : tenant, configuration);
    }

    private static (PurgeTargets?, string) OfKey(PurgeRequest request, CachePolicy policy, string key) => policy.Template.Makes(key)
        ? (new PurgeTargets(SubjectOf(request, "resource", policy.Name, tenant: null, key)) { Resources = [(new ResourceKey(key), policy.HasDependents)] }, "")
        : (null, $"key is one that {policy.Template.Text} makes, with CacheProxy:Redis:KeyPrefix before it.");

    private static (PurgeTargets?, string) OfTag(PurgeRequest request, string tag, TenantName tenant, ConfigurationSnapshot configuration)
    {
        var keys = new HashSet<ResourceKey>();
        configuration.Rules.Tags.AddKeys(new KeySource(tenant, request.Host ?? "", "", []), tag, keys);
        return keys.Count > 0
            ? (new PurgeTargets(SubjectOf(request, "tag", policy: null, tenant.Value, tag)) { Resources = [.. keys.Select(static key => (key, false))] }, "")
            : (null, "tag is one to 256 characters without control characters, with the tenant or host that it belongs to, where the keys of policies name them.");
    }

    private static (PurgeTargets?, string) OfUrl(PurgeRequest request, string text, TenantName tenant, ConfigurationSnapshot configuration)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            return (null, "url is one of http or https without user and password, as a client would ask for it.");
        }

        if (tenant.Value is null)
        {
            var client = new DefaultHttpContext().Request;
            client.Host = new HostString(url.Authority);
            tenant = configuration.Rules.Tenants.Resolve(client).Tenant;
        }

        var found = new Dictionary<ResourceKey, bool>();
        var lacksTenant = false;
        // As routing reads the path, and as a write's is read where that is in doubt.
        configuration.Rules.CachedRoutes.Match(Uri.UnescapeDataString(url.AbsolutePath), (route, values) =>
        {
            if (route.Policy is not { } policy)
            {
                return;
            }

            lacksTenant |= policy.Template.NeedsTenant && tenant.Value is null;
            if (policy.Template.TryFormatForEviction(new KeySource(tenant, url.Authority, Uri.UnescapeDataString(url.AbsolutePath), values), out var key))
            {
                found[key] = policy.HasDependents;
            }
        });
        return found.Count > 0
            ? (new PurgeTargets(SubjectOf(request, "resource", policy: null, tenant.Value, text)) { Resources = [.. found.Select(static one => (one.Key, one.Value))] }, "")
            : (null, lacksTenant ? "tenant is missing: the key of the url's policy names it, and the host does not." : "url is one of a route with a CachePolicy.");
    }

    private static (PurgeTargets?, string) OfKind(PurgeRequest request, CachePolicy? policy, TenantName? tenant, ConfigurationSnapshot configuration)
    {
        CachePolicy[] policies = policy is null ? [.. configuration.Policies.All.Where(static one => one.Template.NeedsTenant)] : [policy];
        if (tenant is not null && policies.All(static one => !one.Template.NeedsTenant))
        {
            return (null, policy is null ? "No policy's key names a tenant." : "The policy's key names no tenant.");
        }

        bool Makes(string key) => policies.Any(one => one.Template.Makes(key)
            && (tenant is not { } wanted || (one.Template.TryReadTenant(key, out var found) && found.SequenceEqual(wanted.Value))));
        var pattern = policies.Length == 1 ? policies[0].Template.Pattern(tenant) : CommonPattern(policies, tenant);
        return (new PurgeTargets(SubjectOf(request, policy is null ? "tenant" : "policy", policy?.Name, tenant?.Value, target: null))
        {
            Selection = new KeySelection(pattern, Makes, policies.Any(static one => one.HasDependents)),
        }, "");
    }

    // As far as the patterns of all begin with the same.
    private static string CommonPattern(CachePolicy[] policies, TenantName? tenant)
    {
        var common = policies.Select(policy => policy.Template.Pattern(tenant)).Aggregate(static (one, other) => one[..one.AsSpan().CommonPrefixLength(other)]);
        return common.TrimEnd('*', '\\') + "*";
    }

    private static RunSubject SubjectOf(PurgeRequest request, string kind, string? policy, string? tenant, string? target) => new(
        kind,
        Modes[request.IsSoft ? 1 : 0],
        policy,
        tenant,
        target is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(target)).AsSpan(0, 4)));
}
