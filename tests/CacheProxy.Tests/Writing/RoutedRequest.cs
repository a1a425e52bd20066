using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace CacheProxy.Tests.Writing;

/// <summary>Routes a request as the server would: the path decoded once, encoded slashes kept, dot segments removed.</summary>
internal static class RoutedRequest
{
    private static readonly string[] ByPrecedence =
    [
        "customer-list", "customer-search", "pets", "service-catalog", "tenant", "customer", "pet", "staff", "reservation",
        "customer-parts", "pet-parts", "staff-parts", "reservation-parts", "service", "everything-else",
    ];

    /// <summary>What the matched route asks for; its values are set on the request.</summary>
    public static RouteCaching Route(HttpContext context, string target, ConfigurationSnapshot configuration)
    {
        var raw = target.Split('?')[0];
        raw = raw.StartsWith('/') ? raw : new Uri(raw).AbsolutePath;
        var decoded = Uri.UnescapeDataString(raw.Replace("%2F", "%252F", StringComparison.OrdinalIgnoreCase));
        context.Request.Path = decoded.Contains("/.", StringComparison.Ordinal) && !decoded.Contains('\\')
            ? new Uri("http://host" + decoded.Replace("%", "%25", StringComparison.Ordinal)).LocalPath
            : decoded;
        context.Request.QueryString = target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query
            ? new QueryString(target[query..])
            : QueryString.Empty;

        foreach (var id in ByPrecedence)
        {
            if (configuration.Proxy.Routes.SingleOrDefault(route => route.RouteId == id) is not { } route)
            {
                continue;
            }

            var values = new RouteValueDictionary();
            var template = new RouteTemplate(RoutePatternFactory.Parse(route.Match.Path!));
            if (new TemplateMatcher(template, []).TryMatch(context.Request.Path, values))
            {
                context.Request.RouteValues = values;
                return configuration.Rules.Routes[id];
            }
        }

        throw new InvalidOperationException($"No route takes {target}.");
    }
}
