using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using Xunit;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Tests.Configuration.Policies;

public sealed class CachedRoutesTests
{
    private static readonly PolicySet Policies = new([new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}" }], "");

    private static readonly RequestRules Rules = new(
        new CacheProxyOptions(),
        Policies,
        [
            Route("/api/customers/{id}", "CachePolicy"),
            Route("/api/customers/search", "Other"),
            Route("/api/customers/{id}/{**part}", "Evicts"),
            Route("/v2/{id:int}", "CachePolicy"),
            Route("{**path}", "Other"),
            Route(null, "CachePolicy"),
        ]);

    [Theory]
    [InlineData("/api/customers/1", "policy 1, evicts 1")]
    [InlineData("/API/Customers/A", "policy A, evicts A")]
    [InlineData("/api/customers/1/", "policy 1, evicts 1")]
    [InlineData("/api/customers/1/pets/2", "evicts 1")]
    [InlineData("/api/customers/search", "policy search, evicts search")]
    [InlineData("/api/customers", "")]
    [InlineData("/", "")]
    [InlineData("/other", "")]
    [InlineData("/v2/7", "policy 7")]
    [InlineData("/v2/not-a-number", "policy not-a-number")]
    public void A_path_finds_every_route_that_caches_or_evicts_whatever_its_other_conditions(string path, string expected)
    {
        var found = new List<string>();
        Rules.CachedRoutes.Match(path, (caching, values) => found.Add($"{(caching.Policy is null ? "evicts" : "policy")} {values["id"]}"));

        Assert.Equal(expected, string.Join(", ", found));
    }

    private static RouteConfig Route(string? path, string metadata) => new()
    {
        RouteId = path ?? "none",
        Match = new RouteMatch { Path = path, Hosts = ["only.example.com"] },
        Metadata = new Dictionary<string, string> { [metadata] = "customer" },
    };
}
