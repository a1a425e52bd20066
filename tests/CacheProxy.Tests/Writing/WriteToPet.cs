using CacheProxy.Configuration.Policies;
using CacheProxy.Tests.Configuration;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Tests.Writing;

/// <summary>A write to a pet or to the collection of pets, by the policy <c>pet</c>.</summary>
internal static class WriteToPet
{
    private const string Collection = "/api/pets";

    /// <summary>As tenant <c>demo</c>; keys that begin with <c>Evicts</c> are the policy's.</summary>
    public static PointedTargets Find(string method, string path, params (string Key, string? Value)[] settings) =>
        FindFor("demo", method, path, settings);

    public static PointedTargets FindFor(string tenants, string method, string path, params (string Key, string? Value)[] settings) =>
        Find(new DefaultHttpContext(), tenants, method, path, settings, out _);

    public static PointedTargets Find(
        HttpContext context, string tenants, string method, string path, (string Key, string? Value)[] settings, out RouteCaching route)
    {
        var configuration = CandidateConfiguration.Accepted(
        [
            ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"),
            ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
            ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"),
            ("ReverseProxy:Routes:pets:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:pets:Match:Path", Collection),
            ("ReverseProxy:Routes:pets:Metadata:Evicts", "pet"),
            .. settings.Select(static pair =>
                (pair.Key.StartsWith("Evicts", StringComparison.Ordinal) ? $"CacheProxy:Policies:pet:{pair.Key}" : pair.Key, pair.Value)),
        ]);
        context.Request.Method = method;
        context.Request.Headers["X-Tenant-Subdomain"] = tenants;
        context.Request.Path = path;
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = path;
        context.Request.RouteValues = path == Collection ? [] : new RouteValueDictionary { ["id"] = path.Split('/')[^1] };
        route = configuration.Rules.Routes[path == Collection ? "pets" : "pet"];
        EvictionTargets.Find(context, route, method, out var pointed);
        return pointed!;
    }
}
