using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Configuration.Policies;

/// <summary>Which resources of other policies a policy's responses contain, compiled. Immutable.</summary>
internal sealed class PolicyDependencies
{
    private PolicyDependencies(ImmutableArray<ContainedResource> contained, string rules)
    {
        Contained = contained;
        AsDependency = new Dependency(DependencyKind.Rules, rules, "");
    }

    public ImmutableArray<ContainedResource> Contained { get; }

    /// <summary>
    /// A digest of all that decides what an entry depends on, as it stands first among an entry's dependencies. An entry that was stored
    /// under other rules may contain what it does not name, so it is not used.
    /// </summary>
    public Dependency AsDependency { get; }

    /// <summary>Whether an entry was stored under these rules.</summary>
    public bool Made(StoredResponse stored) => stored.Dependencies.Length > 0 && stored.Dependencies[0] == AsDependency;

    /// <param name="policy">The policy that contains.</param>
    /// <param name="find">A policy and its template with the key prefix by name; <c>null</c> where there is none.</param>
    /// <returns><c>null</c> when it depends on nothing.</returns>
    public static PolicyDependencies? Of(CachePolicyOptions policy, Func<string, (CachePolicyOptions Options, KeyTemplate Template)?> find)
    {
        var contained = ImmutableArray.CreateBuilder<ContainedResource>();
        foreach (var (name, pointer) in policy.DependsOn)
        {
            if (find(name) is var (options, template) && find(policy.Name) is var (_, own)
                && ContainedResource.TrySlot(own, template, out var slot, out _))
            {
                contained.Add(new ContainedResource(pointer, template, slot, options.MaxDependents));
            }
        }

        return contained.Count == 0 && policy.Tags.IsEmpty ? null : new PolicyDependencies(contained.ToImmutable(), Digest(contained, policy));
    }

    private static string Digest(IEnumerable<ContainedResource> contained, CachePolicyOptions policy)
    {
        using var framed = new MemoryStream();
        using var writer = new BinaryWriter(framed, Encoding.UTF8);
        foreach (var resource in contained)
        {
            writer.Write(resource.Pointer.Text);
            writer.Write(resource.Template.Text);
            writer.Write(resource.Slot ?? "");
        }

        writer.Write(policy.Tags.Length);
        foreach (var text in policy.Tags.Concat(policy.TagHeaders).Concat(policy.DependsOn.SelectMany(static named => (string[])[named.Name, named.Pointer.Text])))
        {
            writer.Write(text);
        }

        writer.Flush();
        return Convert.ToHexStringLower(SHA256.HashData(framed.ToArray()).AsSpan(0, 16));
    }
}

/// <summary>One entry of a policy's <c>DependsOn</c>.</summary>
/// <param name="Name">Another policy's name.</param>
/// <param name="Pointer">Where a stored response names such a resource.</param>
internal readonly record struct DependencyOptions(string Name, JsonPointer Pointer);

/// <summary>Resources of one policy that a response contains.</summary>
/// <param name="Pointer">Where it names them.</param>
/// <param name="Template">Their key, with the key prefix.</param>
/// <param name="Slot">The route value that the named value stands for; <c>null</c> where the key has none: a tenant has one such resource.</param>
/// <param name="MostDependents">How many entries may depend on one of them.</param>
internal sealed record ContainedResource(JsonPointer Pointer, KeyTemplate Template, string? Slot, int MostDependents)
{
    private const string Id = "id";

    /// <summary>Which value of <paramref name="template"/> a found value stands for, if the containing policy can give the others.</summary>
    /// <param name="own">The key of the policy that contains.</param>
    /// <param name="template">The key of what it contains.</param>
    /// <param name="slot">The value; <c>null</c> where the key needs none.</param>
    /// <param name="lacks">What else the key needs, when this is false.</param>
    public static bool TrySlot(KeyTemplate own, KeyTemplate template, out string? slot, out string lacks)
    {
        var names = template.RouteValueNames;
        var unknown = names.Where(name => !own.RouteValueNames.Contains(name, StringComparer.OrdinalIgnoreCase)).ToArray();
        // Where both keys have an id, it is each one's own.
        slot = unknown.Length > 0 ? unknown[0]
            : names.FirstOrDefault(static name => name.Equals(Id, StringComparison.OrdinalIgnoreCase)) ?? names.LastOrDefault();
        lacks = template.NamesPath ? "{path}"
            : template.NeedsTenant && !own.NeedsTenant ? "{tenant}"
            : string.Join(", ", unknown.Skip(1).Select(static name => $"{{{name}}}"));
        return lacks.Length == 0;
    }

    /// <summary>The key of the resource that a response to a request names; false when the value is no well-formed id.</summary>
    public bool TryKey(in KeySource request, string value, out ResourceKey key)
    {
        if (Slot is null)
        {
            return Template.TryFormat(request, out key);
        }

        var values = new RouteValueDictionary(request.RouteValues) { [Slot] = value };
        return Template.TryFormat(request with { RouteValues = values }, out key);
    }
}
