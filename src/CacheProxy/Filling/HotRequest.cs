using System.Collections.Frozen;
using System.Text;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Proxy;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Filling;

/// <summary>
/// What of a request is kept to make it again: tenant, host, path, and the headers that choose its variant. Never a credential, a cookie, a
/// client's address or a query, which may hold one; a request that is answered by any of these is not kept at all. As text:
/// <code>
/// TENANT SCHEME://HOST/PATH        (without a tenant, a hyphen)
/// NAME: VALUE                      (for each header)
/// </code>
/// </summary>
internal sealed record HotRequest(string Tenant, string Scheme, string Host, string Path, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public const int LongestText = 1024;
    private const string NoTenant = "-";
    private const string HostName = "host";

    // Secret, the client's own, or about one exchange alone. That a policy varies by one of them does not make it fit to be kept.
    private static readonly FrozenSet<string> Never = new[]
    {
        "authorization", "cookie", "proxy-authorization", "x-api-key", "x-forwarded-for", "cache-control", "pragma", "range", "if-range", "if-match",
        "if-none-match", "if-modified-since", "if-unmodified-since", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
        "expect", "content-length", "content-type", HostName,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The text of a request; <c>null</c> where it cannot be made again without what is not kept.</summary>
    /// <param name="context">The request.</param>
    /// <param name="variants">What tells its variants apart.</param>
    /// <param name="vary">The names that the resource varies on.</param>
    /// <param name="variant">The request's variant under these names, credentials left out.</param>
    /// <param name="tenant">Its tenant; <c>null</c> where the key names none.</param>
    public static string? TryWrite(HttpContext context, in VariantSource variants, string vary, VariantKey variant, string? tenant)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteCaching>() is not { } route
            // Where a request with content reads, the content chooses the answer.
            || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            || variants is not { Query.Length: 0, OriginalPath: null, DeclaredScheme: null }
            || !RequestTarget.TryGetOriginalPath(context, out var path)
            || path.Contains('%'))
        {
            return null;
        }

        var kept = new HeaderDictionary { ["Host"] = context.Request.Headers.Host };
        if (!TryKeep(Chosen(route, variants, vary), variants.Headers, route.Rules.Credentials, kept))
        {
            return null;
        }

        var alone = variants with { Headers = kept, Credentials = null, Client = null, Folded = FoldedHeaders.Of(kept) };
        if (VariantDigest.Compute(alone, vary) != variant)
        {
            return null;
        }

        var text = new StringBuilder(tenant ?? NoTenant, 256)
            .Append(' ').Append(context.Request.Scheme).Append("://").Append(context.Request.Host.Value).Append(path);
        foreach (var (name, values) in kept)
        {
            foreach (var value in name.Equals(HostName, StringComparison.OrdinalIgnoreCase) ? StringValues.Empty : values)
            {
                text.Append('\n').Append(name).Append(": ").Append(value);
            }
        }

        return text.Length <= LongestText ? text.ToString() : null;
    }

    /// <summary>What <see cref="TryWrite"/> has written; anybody may have changed it since.</summary>
    public static HotRequest? TryParse(string text)
    {
        var lines = text.Split('\n');
        var (space, scheme) = (lines[0].IndexOf(' ', StringComparison.Ordinal), lines[0].IndexOf("://", StringComparison.Ordinal));
        var slash = scheme < 0 ? -1 : lines[0].IndexOf('/', scheme + 3);
        if (text.Length > LongestText || text.Any(static c => c < ' ' && c != '\n') || space < 1 || scheme < space || slash < 0)
        {
            return null;
        }

        var path = lines[0][slash..];
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon < 1 || Never.Contains(line[..colon]) || !TenantResolver.IsSource($"Header:{line[..colon]}"))
            {
                return null;
            }

            headers.Add(new(line[..colon], line[(colon + 2)..]));
        }

        return WellFormedPath.Check(path) && !path.AsSpan().ContainsAny("%?# ")
            ? new HotRequest(lines[0][..space], lines[0][(space + 1)..scheme], lines[0][(scheme + 3)..slash], path, headers)
            : null;
    }

    /// <summary>The tenant of a text.</summary>
    public static ReadOnlySpan<char> TenantOf(string text) => text.AsSpan(0, Math.Max(text.IndexOf(' ', StringComparison.Ordinal), 0));

    private static IEnumerable<string> Chosen(RouteCaching route, in VariantSource variants, string vary) =>
        [.. route.Rules.Tenants.Headers, .. variants.VaryBy, .. vary.Split(',', StringSplitOptions.RemoveEmptyEntries), .. RareHeaders.ForwardedNames];

    private static bool TryKeep(IEnumerable<string> names, IHeaderDictionary headers, CredentialFingerprint credentials, HeaderDictionary kept)
    {
        foreach (var name in names)
        {
            if (name != HostName && headers.TryGetValue(name, out var values))
            {
                if (Never.Contains(name) || credentials.Names(name))
                {
                    return false;
                }

                kept[name] = values;
            }
        }

        return true;
    }
}
