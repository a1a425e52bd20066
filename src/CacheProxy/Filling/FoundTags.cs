using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// Which tags a response has: those that its policy's templates make, and those that its headers name. A response of which nobody can tell is
/// not stored: no eviction of the tag that it may have would find it.
/// </summary>
internal static class FoundTags
{
    /// <summary>Whether a response may have tags.</summary>
    public static bool Concern(CachePolicy policy, StoredResponse response)
    {
        if (!policy.Tags.Templates.IsEmpty || Dependencies.HaveTags(response))
        {
            return true;
        }

        var headers = new ResponseHeaders(response.Headers);
        foreach (var name in policy.Tags.Headers)
        {
            if (headers.Contains(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Why a response is not stored, as far as its headers tell; <c>null</c> for no reason.</summary>
    public static string? RefusalByHeaders(CachePolicy policy, HeaderField[] fields)
    {
        var headers = new ResponseHeaders(fields);
        return policy.Tags.Pointers.Length > 0 && !JsonBody.IsJson(headers.First("Content-Type")) ? CacheStatusDetails.TagsUnreadable
            : OfHeaders(policy, headers, null);
    }

    /// <summary>The keys of a response's tags; otherwise the reason why it is not stored.</summary>
    public static string? Find(CacheRequest request, StoredResponse response, List<HeaderField>? hidden, out ResourceKey[] tags)
    {
        tags = [];
        var policy = request.Policy;
        var names = new HashSet<string>();
        var headers = new ResponseHeaders(response.Headers);
        var reason = OfHeaders(policy, headers, names)
            ?? (hidden is null ? null : OfHeaders(policy, new ResponseHeaders([.. hidden]), names))
            ?? OfTemplates(request, headers, response.Body, names);
        if (reason is not null || !TryScope(request, out var scope))
        {
            return reason ?? CacheStatusDetails.TagsUnreadable;
        }

        // What the API has confirmed keeps the tags that it had.
        tags =
        [
            .. names.Select(name => TagName.KeyOf(scope, name))
                .Union(response.Dependencies.Where(static known => known.Kind == DependencyKind.Tag).Select(static known => new ResourceKey(known.Key))),
        ];
        return tags.Length > PolicyTags.Most ? CacheStatusDetails.TooManyTags : null;
    }

    private static string? OfHeaders(CachePolicy policy, ResponseHeaders headers, HashSet<string>? names)
    {
        foreach (var header in policy.Tags.Headers)
        {
            if (headers[header] is { Count: > 0 } lines)
            {
                names ??= [];
                if (!ResponseTags.TryAdd(header, lines, names))
                {
                    return CacheStatusDetails.TagsUnreadable;
                }
            }
        }

        return names is null ? null
            : names.Count > PolicyTags.Most || !names.All(TagName.IsValid) ? CacheStatusDetails.TooManyTags
            : null;
    }

    private static string? OfTemplates(CacheRequest request, ResponseHeaders headers, ReadOnlyMemory<byte> body, HashSet<string> names)
    {
        var tags = request.Policy.Tags;
        if (tags.Templates.IsEmpty)
        {
            return null;
        }

        var values = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
        if (!tags.Pointers.IsEmpty && !TryReadValues(request.Policy, headers, body, values))
        {
            return CacheStatusDetails.TagsUnreadable;
        }

        foreach (var template in tags.Templates)
        {
            if (!template.TryAddTo(request.Tenant, request.Context.Request.RouteValues, values, PolicyTags.Most, names))
            {
                return CacheStatusDetails.TooManyTags;
            }
        }

        return null;
    }

    private static bool TryReadValues(CachePolicy policy, ResponseHeaders headers, ReadOnlyMemory<byte> body, Dictionary<string, List<string>> values)
    {
        if (!JsonBody.TryParse(body, headers.First("Content-Type"), headers["Content-Encoding"].ToString(), policy.Options.MaxBodyBytes, out var document))
        {
            return false;
        }

        using (document)
        {
            foreach (var (name, pointer) in policy.Tags.Pointers)
            {
                var found = new List<JsonElement>();
                if (!pointer.TryFind(document.RootElement, PolicyTags.Most, found) || !TryAddTexts(found, values[name] = []))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool TryAddTexts(List<JsonElement> found, List<string> texts)
    {
        foreach (var element in found)
        {
            if (element.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (!JsonPointer.TryText(element, out var text))
            {
                return false;
            }

            if (text.Length > 0 && !texts.Contains(text))
            {
                texts.Add(text);
            }
        }

        return true;
    }

    /// <summary>What stands before the name of a tag in its key.</summary>
    public static bool TryScope(CacheRequest request, out ResourceKey scope)
    {
        TenantName.TryParse(request.Tenant, out var tenant);
        var context = request.Context.Request;
        return request.Policy.Tags.Scope.TryFormat(new KeySource(tenant, context.Host.Value ?? "", "", context.RouteValues), out scope);
    }
}
