using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Bench.Pieces;

/// <summary>Requests as they are usual: of another service, and of a browser behind an ingress.</summary>
internal static class Requests
{
    public static readonly ImmutableArray<string> VaryBy = ["accept", "accept-language", "api-version", "x-api-version"];

    public static CredentialFingerprint Credentials { get; } = new(new CredentialOptions());

    public static KeyTemplate Template { get; } =
        KeyTemplate.TryParse("{tenant}:customer:{id}", out var template, out var problem) ? template! : throw new InvalidOperationException(problem);

    public static CachePolicy Policy { get; } = new(new CachePolicyOptions { Name = "customer", Key = Template.Text }, Template);

    public static DefaultHttpContext OfService() => With(("Host", "customers"), ("Accept", "*/*"), ("X-Tenant-Subdomain", "demo"));

    public static DefaultHttpContext OfBrowser() => With(
        ("Host", "demo.example.com"),
        ("Accept", "text/html,application/json;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "de,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Cookie", "session=2a7d1c4e9b"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Host", "demo.example.com"),
        ("X-Forwarded-Proto", "https"),
        ("X-Tenant-Subdomain", "demo"));

    public static VariantSource Variants(HttpContext context) => new(
        context.Request.Headers, "", Credentials, null, null, null, FoldedHeaders.Of(context.Request.Headers), VaryBy);

    private static DefaultHttpContext With(params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/api/customers/123";
        context.Request.Method = "GET";
        context.Request.Path = "/api/customers/123";
        context.Request.RouteValues = new RouteValueDictionary { ["id"] = "123" };
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        return context;
    }
}
