using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Tests.Reading;

/// <summary>Requests as they are once their resource is known.</summary>
internal static class CacheRequests
{
    public static CacheRequest Make(HttpContext context, ResourceKey key, CachePolicyOptions options) => new()
    {
        Context = context,
        Policy = new CachePolicy(options, KeyTemplate.TryParse(options.Key, out var template, out var problem) ? template! : throw new ArgumentException(problem)),
        Key = key,
        Variants = new VariantSource(context.Request.Headers, context.Request.QueryString.Value ?? "", null, null, null),
        Directives = RequestDirectives.Parse(context.Request.Headers.CacheControl),
        Tenant = "demo",
        Id = "1",
        StoreTimeout = TimeSpan.FromSeconds(1),
        Budget = new StoreTimeoutBudget(TimeSpan.FromSeconds(60)),
    };
}
