using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks where the tags of a policy's responses come from: <c>Tags</c> and <c>TagHeaders</c>.</summary>
internal static class TagSettings
{
    private const string Tags = nameof(CachePolicyOptions.Tags);
    private const string TagHeaders = nameof(CachePolicyOptions.TagHeaders);

    public static ImmutableArray<string> ReadTags(SettingsReader policy, string? key)
    {
        var needsTenant = key is not null && KeyTemplate.TryParse(key, out var template, out _) && template!.NeedsTenant;
        var readable = ImmutableArray.CreateBuilder<string>();
        foreach (var tag in policy.List(Tags, [], "a template such as plan:{plan}", static text => text))
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

    public static ImmutableArray<string> ReadHeaders(SettingsReader policy, ImmutableArray<string> defaults)
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

    /// <summary>Whether a tag of the policy names a value: a name in <c>DependsOn</c> need then be no policy's.</summary>
    public static bool Names(CachePolicyOptions policy, string value) => policy.Tags.Any(tag =>
        TagTemplate.TryParse(tag, out var template, out _) && template.ValueNames.Contains(value, StringComparer.OrdinalIgnoreCase));
}
