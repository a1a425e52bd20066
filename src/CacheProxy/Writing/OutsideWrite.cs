using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Writing;

/// <summary>
/// A write that went past the sidecar, as whoever made it tells of it: a resource by its policy and the values of its key, or by its URL; or
/// a tag. Exactly one of <see cref="Policy"/>, <see cref="Url"/> and <see cref="Tag"/> is there.
/// </summary>
internal sealed record OutsideWrite
{
    public string? Policy { get; init; }

    public string? Url { get; init; }

    public string? Tag { get; init; }

    public string? Tenant { get; init; }

    public string? Host { get; init; }

    /// <summary>The values that a request for the resource has in its path.</summary>
    public RouteValueDictionary Values { get; init; } = [];

    /// <summary>The resource as it was written, for the pointers of <c>Evicts</c>; undefined where that is not told.</summary>
    public JsonElement Body { get; init; }
}

/// <summary>What an outside write has changed, by one configuration.</summary>
internal sealed class OutsideTargets
{
    private readonly RequestRules _rules;
    private readonly PolicySet _policies;
    private readonly OutsideWrite _write;
    private readonly HttpRequest _request = new DefaultHttpContext().Request;
    private readonly OutsideUrl _url;
    private TenantResolution _tenants;

    private OutsideTargets(RequestRules rules, PolicySet policies, OutsideWrite write, OutsideUrl url)
    {
        (_rules, _policies, _write, _url) = (rules, policies, write, url);
        _request.Host = new HostString(write.Host ?? url.Host);
    }

    /// <summary>Everything that a request which writes the same resource through the sidecar evicts in the end.</summary>
    /// <param name="rules">By which it is judged.</param>
    /// <param name="policies">Of the same configuration.</param>
    /// <param name="write">What is told of it.</param>
    /// <param name="found">The targets and what finds more of them.</param>
    /// <param name="refusal">Why nobody can tell what it has changed.</param>
    public static bool TryFind(
        RequestRules rules,
        PolicySet policies,
        OutsideWrite write,
        [NotNullWhen(true)] out EvictionTargets? found,
        [NotNullWhen(false)] out OutsideRefusal? refusal)
    {
        found = null;
        var url = default(OutsideUrl);
        refusal = write.Url is { } text && !OutsideUrl.TryParse(text, out url)
            ? new OutsideRefusal("url", "an http or https URL without user and password, or a path that begins with a slash")
            : null;
        if (refusal is not null)
        {
            return false;
        }

        var targets = new OutsideTargets(rules, policies, write, url);
        refusal = targets.ResolveTenant() ?? targets.Find(out found);
        if (refusal is not null)
        {
            return false;
        }

        if (found!.Pointed is { } pointed)
        {
            if (write.Body.ValueKind == JsonValueKind.Undefined)
            {
                pointed.Miss(PointedBody.Request, UnresolvedReason.Absent);
                pointed.Miss(PointedBody.Response, UnresolvedReason.Absent);
            }
            else
            {
                pointed.FindIn(write.Body);
            }
        }

        return true;
    }

    private OutsideRefusal? ResolveTenant()
    {
        _tenants = _rules.Tenants.Resolve(_request);
        if (_write.Tenant is not { } text)
        {
            return null;
        }

        if (!TenantName.TryParse(text, out var tenant))
        {
            return new OutsideRefusal("tenant", "a DNS label: letters, digits, inner hyphens, at most 63");
        }

        if (_tenants.Kind == TenantResolutionKind.Found && _tenants.Tenant != tenant)
        {
            return new OutsideRefusal("tenant", "the tenant that the host names, or no tenant");
        }

        _tenants = TenantResolution.Found(tenant);
        return null;
    }

    private OutsideRefusal? Find(out EvictionTargets? found)
    {
        found = new EvictionTargets(_request, _tenants);
        return _write.Tag is { } tag ? FindTag(tag, found)
            : _write.Policy is { } name ? FindByPolicy(name, found)
            : FindByUrl(found);
    }

    private OutsideRefusal? FindTag(string tag, EvictionTargets found)
    {
        if (!TagName.IsValid(tag))
        {
            return new OutsideRefusal("tag", $"1 to {TagName.Longest} characters, none of them a control character");
        }

        var tags = _rules.Tags;
        if (LacksFor(tags.Scopes, "the tags of tenants") is { } refusal)
        {
            return refusal;
        }

        found.AddTag(tags, tag);
        return null;
    }

    private OutsideRefusal? FindByPolicy(string name, EvictionTargets found)
    {
        if (_policies.Find(name) is not { } policy)
        {
            return new OutsideRefusal("policy", $"the name of a policy: {Names(_policies.All.Select(static known => known.Name))}");
        }

        if (policy.Template.NamesPath)
        {
            return new OutsideRefusal("policy", $"url in its place: the key of policy {policy.Name} names the path");
        }

        if (policy.Template.RouteValueNames.FirstOrDefault(value => !_write.Values.ContainsKey(value)) is { } missing)
        {
            return new OutsideRefusal($"values/{missing}", $"missing; the key of policy {policy.Name} names it");
        }

        // What its routes evict by values has them: the key of a policy names all values of its routes.
        var routes = _rules.Routes.Values.Where(route => route.Policy == policy).ToArray();
        if (routes.SelectMany(static route => route.Evicts).FirstOrDefault(static evicted => evicted.Template.NamesPath) is { } byPath)
        {
            return new OutsideRefusal("policy", $"url in its place: a write of policy {policy.Name} evicts {byPath.Name}, whose key names the path");
        }

        if (LacksFor([policy.Template], $"the key of policy {policy.Name}") is { } lacks)
        {
            return lacks;
        }

        found.Add(policy, "", _write.Values);
        return Add(found, routes.Select(route => (route, "", _write.Values)));
    }

    private OutsideRefusal? FindByUrl(EvictionTargets found)
    {
        var matched = new List<(RouteCaching Route, string Path, RouteValueDictionary Values)>();
        string[] readings = [Uri.UnescapeDataString(_url.Path), LenientPath.Read(_url.Path)];
        foreach (var path in readings.Distinct(StringComparer.Ordinal))
        {
            _rules.CachedRoutes.Match(path, (route, values) => matched.Add((route, path, values)));
        }

        return matched.Count == 0
            ? new OutsideRefusal("url", "the path of a resource: no route with CachePolicy or Evicts takes this one")
            : Add(found, matched);
    }

    private OutsideRefusal? Add(EvictionTargets found, IEnumerable<(RouteCaching Route, string Path, RouteValueDictionary Values)> routes)
    {
        foreach (var (route, path, values) in routes)
        {
            var written = route.Policy is { } policy ? route.Evicts.Prepend(policy) : route.Evicts;
            var templates = written.Concat(route.Pointed.Select(static pointed => pointed.Policy)).Select(static one => one.Template);
            if ((LacksFor(templates, "a key that a write of it evicts") ?? LacksForTags(route)) is { } refusal)
            {
                return refusal;
            }

            found.Add(route, path, values);
        }

        return null;
    }

    private OutsideRefusal? LacksForTags(RouteCaching route) => route.EvictedTags.IsEmpty ? null
        : _tenants.Kind == TenantResolutionKind.Absent && route.EvictedTags.Any(static tag => tag.NeedsTenant)
            ? new OutsideRefusal("tenant", "missing; a tag that a write of it evicts names it")
            : LacksFor(route.Rules.Tags.Scopes, "the tags of tenants");

    private OutsideRefusal? LacksFor(IEnumerable<KeyTemplate> templates, string what)
    {
        foreach (var template in templates)
        {
            // One that is in doubt evicts for all that it may be.
            if (template.NeedsTenant && _tenants.Kind == TenantResolutionKind.Absent)
            {
                return new OutsideRefusal("tenant", $"missing; {what} needs it");
            }

            if (template.NamesHost && !_request.Host.HasValue)
            {
                return new OutsideRefusal("host", $"missing; {what} names it");
            }
        }

        return null;
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}

/// <summary>Why an outside write evicts nothing: nobody can tell what it has changed.</summary>
/// <param name="Member">The member of what is told of it; empty for all of it.</param>
/// <param name="Allowed">What may be there instead. Quotes nothing of what was sent.</param>
internal sealed record OutsideRefusal(string Member, string Allowed);

/// <summary>A URL as a client would call it, or its path alone.</summary>
/// <param name="Host">With its port; empty for none.</param>
/// <param name="Path">As it stands there.</param>
internal readonly record struct OutsideUrl(string Host, string Path)
{
    private const int Longest = 8192;

    public static bool TryParse(string text, out OutsideUrl url)
    {
        url = default;
        if (text.Length > Longest || text.Any(static c => c <= ' ' || c == (char)127))
        {
            return false;
        }

        var target = text.AsSpan();
        var host = "";
        if (!target.StartsWith('/'))
        {
            var authority = After(target, "https://") is { IsEmpty: false } secure ? secure : After(target, "http://");
            var end = authority.IndexOfAny('/', '?', '#');
            var name = end < 0 ? authority : authority[..end];
            if (name.IsEmpty || name.Contains('@'))
            {
                return false;
            }

            host = name.ToString();
            target = end < 0 || authority[end] != '/' ? "/" : authority[end..];
        }

        var query = target.IndexOfAny('?', '#');
        url = new OutsideUrl(host, (query < 0 ? target : target[..query]).ToString());
        return true;
    }

    private static ReadOnlySpan<char> After(ReadOnlySpan<char> text, string start) =>
        text.StartsWith(start, StringComparison.OrdinalIgnoreCase) ? text[start.Length..] : default;
}
