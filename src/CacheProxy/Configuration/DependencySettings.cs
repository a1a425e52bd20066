using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Configuration;

/// <summary>Reads <c>DependsOn</c>, and checks it once all policies are known.</summary>
internal static class DependencySettings
{
    public const string Key = "DependsOn";

    public static ImmutableArray<DependencyOptions> Read(SettingsReader reader)
    {
        var read = ImmutableArray.CreateBuilder<DependencyOptions>();
        foreach (var name in reader.Raw.GetChildren().Select(static child => child.Key))
        {
            foreach (var text in reader.List(name, [], JsonPointer.Form, static text => JsonPointer.TryParse(text, out _) ? text : null))
            {
                read.Add(new DependencyOptions(name, JsonPointer.TryParse(text, out var pointer) ? pointer : throw new InvalidOperationException(text)));
            }
        }

        return read.ToImmutable();
    }

    public static void Check(SettingsReader reader, IReadOnlyCollection<CachePolicyOptions> policies)
    {
        foreach (var policy in policies)
        {
            if (policy.Key.EndsWith(DependentIndex.Suffix, StringComparison.Ordinal))
            {
                reader.Refuse($"{policy.Name}:Key", policy.Key, $"a template that does not end in {DependentIndex.Suffix}: such keys hold what depends on a resource");
            }

            CheckDependencies(reader, policy, policies);
        }

        RefuseKeysOfIndexes(reader, policies);
    }

    private static void CheckDependencies(SettingsReader reader, CachePolicyOptions policy, IReadOnlyCollection<CachePolicyOptions> policies)
    {
        foreach (var name in policy.DependsOn.Select(static dependency => dependency.Name).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var other = policies.FirstOrDefault(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (other is null && TagSettings.Names(policy, name))
            {
                continue;
            }

            if (other is null)
            {
                reader.Refuse($"{policy.Name}:{Key}:{name}", null, $"the name of a policy: {string.Join(", ", policies.Select(static known => known.Name).Order(StringComparer.Ordinal))}");
            }
            else if (KeyTemplate.TryParse(policy.Key, out var own, out _) && KeyTemplate.TryParse(other.Key, out var template, out _)
                && !ContainedResource.TrySlot(own!, template!, out _, out var lacks))
            {
                reader.Refuse(
                    $"{policy.Name}:{Key}:{name}", other.Key, $"a policy whose Key needs one value besides those of {policy.Key}; nothing in a response gives {lacks}");
            }
        }
    }

    // An index beside a resource must not be taken for another resource.
    private static void RefuseKeysOfIndexes(SettingsReader reader, IReadOnlyCollection<CachePolicyOptions> policies)
    {
        // One whose key names the path has been refused: nothing can depend on it.
        foreach (var owner in policies.Where(owner => !owner.Key.Contains("{path}", StringComparison.OrdinalIgnoreCase)
            && policies.Any(policy => DependsOn(policy, owner))))
        {
            if (policies.FirstOrDefault(policy => KeyOverlap.Exists(policy.Key, owner.Key + DependentIndex.Suffix)) is { } twin)
            {
                reader.Refuse(
                    $"{twin.Name}:Key", twin.Key, $"a key of its own: beside each resource of {owner.Name}, which others depend on, there is {owner.Key}{DependentIndex.Suffix}");
            }
        }
    }

    private static bool DependsOn(CachePolicyOptions policy, CachePolicyOptions owner) =>
        policy.DependsOn.Any(dependency => dependency.Name.Equals(owner.Name, StringComparison.OrdinalIgnoreCase));
}
