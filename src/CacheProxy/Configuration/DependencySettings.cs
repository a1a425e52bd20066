using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks what a policy's responses depend on: <c>DependsOn</c>, <c>Tags</c>, <c>TagHeaders</c>.</summary>
internal static class DependencySettings
{
    private const string DependsOn = nameof(CachePolicyOptions.DependsOn);
    private const string Tags = nameof(CachePolicyOptions.Tags);
    private const string TagHeaders = nameof(CachePolicyOptions.TagHeaders);

    public static ImmutableArray<NamedPointer> ReadDependsOn(SettingsReader policy)
    {
        var section = policy.Section(DependsOn);
        var pointers = ImmutableArray.CreateBuilder<NamedPointer>();
        foreach (var child in section.Raw.GetChildren())
        {
            if (section.Text(child.Key) is not { } text)
            {
                continue;
            }

            if (text.Length > 0 && JsonPointer.TryParse(text, out var pointer))
            {
                pointers.Add(new NamedPointer(child.Key, pointer));
            }
            else
            {
                section.Refuse(child.Key, text, JsonPointer.Form);
            }
        }

        return pointers.ToImmutable();
    }

    public static ImmutableArray<string> ReadTags(SettingsReader policy, string? key)
    {
        var needsTenant = key is not null && KeyTemplate.TryParse(key, out var template, out _) && template!.NeedsTenant;
        var tags = policy.List(Tags, [], "a template such as plan:{plan}", static text => text);
        var readable = ImmutableArray.CreateBuilder<string>();
        foreach (var tag in tags)
        {
            if (!TagTemplate.TryParse(tag, out var parsed, out var problem))
            {
                policy.Refuse(Tags, tag, problem!);
                continue;
            }

            if (parsed.NeedsTenant && key is not null && !needsTenant)
            {
                policy.Refuse(Tags, tag, "no {tenant} where Key has none");
            }

            readable.Add(tag);
        }

        return readable.ToImmutable();
    }

    public static ImmutableArray<string> ReadTagHeaders(SettingsReader policy, ImmutableArray<string> defaults)
    {
        var headers = policy.List(
            TagHeaders, defaults, $"{string.Join(", ", ResponseTags.Names)}, or {ResponseTags.NoHeader} alone", static text => ResponseTags.Known(text));
        if (headers is [ResponseTags.NoHeader])
        {
            return [];
        }

        if (headers.Contains(ResponseTags.NoHeader))
        {
            policy.Refuse(TagHeaders, string.Join(", ", headers), $"{ResponseTags.NoHeader} alone, or names of headers");
        }

        return headers;
    }

    /// <summary>A name that nothing uses was meant to be another one.</summary>
    /// <param name="sections">The sections of all policies.</param>
    /// <param name="policies">Those that could be read.</param>
    public static void CheckNames(ImmutableArray<SettingsReader> sections, IReadOnlyCollection<CachePolicyOptions> policies)
    {
        var names = sections.Select(static section => section.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var section in sections)
        {
            var policy = policies.FirstOrDefault(policy => policy.Name == section.Name);
            foreach (var (name, _) in policy?.DependsOn ?? [])
            {
                if (!names.Contains(name) && !policy!.Tags.Any(tag => Names(tag, name)))
                {
                    section.Section(DependsOn).Refuse(name, null, $"the name of a policy, or of a value in {Tags}, such as plan:{{{name}}}");
                }
            }
        }
    }

    private static bool Names(string tag, string name) =>
        TagTemplate.TryParse(tag, out var template, out _) && template.ValueNames.Contains(name, StringComparer.OrdinalIgnoreCase);
}
