using System.Collections.Immutable;
using CacheProxy.Identity;

namespace CacheProxy.Configuration.Policies;

/// <summary>Where the tags of a policy's responses come from, compiled. Immutable.</summary>
internal sealed class PolicyTags
{
    /// <summary>Most tags of one response. RFC 9875 §2 wants at least 32.</summary>
    public const int Most = 64;

    public PolicyTags(CachePolicyOptions options, KeyTemplate template)
    {
        Templates = [.. options.Tags.Select(Parse)];
        var named = Templates.SelectMany(static tag => tag.ValueNames).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Pointers = [.. options.DependsOn.Where(pointer => named.Contains(pointer.Name))];
        Foretold = [.. Templates.Where(tag => !tag.ValueNames.Any(name => Pointers.Any(pointer => pointer.Name.Equals(name, StringComparison.OrdinalIgnoreCase))))];
        Headers = options.TagHeaders;
        Scope = template.ScopeOfTags();
    }

    public ImmutableArray<TagTemplate> Templates { get; }

    /// <summary>Those whose tags are known before there is a response.</summary>
    public ImmutableArray<TagTemplate> Foretold { get; }

    /// <summary>Where in a response's body the values stand that the templates name.</summary>
    public ImmutableArray<DependencyOptions> Pointers { get; }

    /// <summary>The response headers that name tags.</summary>
    public ImmutableArray<string> Headers { get; }

    /// <summary>What stands before a tag's name in its key.</summary>
    public KeyTemplate Scope { get; }

    public static TagTemplate Parse(string text) =>
        TagTemplate.TryParse(text, out var template, out var problem) ? template : throw new ArgumentException(problem, nameof(text));
}

/// <summary>
/// What holds for evictions of tags, which are no policy's own: as much care as the most careful policy asks for. Immutable.
/// </summary>
internal sealed class TagEvictions
{
    /// <summary>What stands for a policy's name in metrics and log events.</summary>
    public const string Name = "tag";

    /// <summary>In a list of what is evicted, what a tag's template begins with: <c>tag:plan:{id}</c>.</summary>
    public const string Start = "tag:";

    public TagEvictions(IReadOnlyCollection<CachePolicy> policies)
    {
        Scopes = [.. policies.Select(static policy => policy.Tags.Scope).DistinctBy(static scope => scope.Text)];
        var options = new CachePolicyOptions { Name = Name, Key = Name };
        foreach (var policy in policies)
        {
            var (deadline, consistency) = (policy.Options.WriteDeadline, policy.Options.WriteConsistency);
            options = options with
            {
                WriteDeadline = deadline > options.WriteDeadline ? deadline : options.WriteDeadline,
                WriteConsistency = consistency == WriteConsistency.Strict ? consistency : options.WriteConsistency,
            };
        }

        KeyTemplate.TryParse(Name, out var template, out _);
        Policy = new CachePolicy(options, template!);
    }

    /// <summary>Stands for a policy where tags are evicted.</summary>
    public CachePolicy Policy { get; }

    /// <summary>Whose tags there are: every tenant's, everybody's, or a host's.</summary>
    public ImmutableArray<KeyTemplate> Scopes { get; }

    /// <summary>The tag that an entry of a list of evictions names; <c>null</c> where it names a policy.</summary>
    public static string? TemplateIn(string evicted) =>
        evicted.StartsWith(Start, StringComparison.OrdinalIgnoreCase) ? evicted[Start.Length..].Trim() : null;

    /// <summary>The tags that a route's list of evictions names.</summary>
    public static ImmutableArray<TagTemplate> In(string evicts) =>
        [.. RouteMetadata.SplitEvicts(evicts).Select(TemplateIn).OfType<string>().Select(PolicyTags.Parse)];

    /// <summary>Adds the keys of the tags of this name that a request of a tenant may mean; of no other tenant's.</summary>
    /// <param name="source">The request: its tenant and host.</param>
    /// <param name="tag">The tag's name.</param>
    /// <param name="keys">Receives them.</param>
    public void AddKeys(in KeySource source, string tag, ICollection<ResourceKey> keys)
    {
        if (!TagName.IsValid(tag))
        {
            return;
        }

        foreach (var scope in Scopes)
        {
            if (scope.TryFormatForEviction(source, out var start))
            {
                keys.Add(TagName.KeyOf(start, tag));
            }
        }
    }
}
