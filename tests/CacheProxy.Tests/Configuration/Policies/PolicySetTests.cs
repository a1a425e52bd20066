using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CacheProxy.Tests.Configuration.Policies;

public sealed class PolicySetTests
{
    private static readonly PolicySet Policies = new(
        [
            new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}" },
            new CachePolicyOptions { Name = "Pet", Key = "{tenant}:pet:{id}" },
        ],
        "app|");

    private static readonly RequestRules Rules = new(new CacheProxyOptions(), Policies, []);

    [Fact]
    public void A_policy_is_found_by_its_name_in_any_case()
    {
        Assert.Equal("customer", Policies.Find("CUSTOMER")?.Name);
        Assert.Equal("Pet", Policies.Find("pet")?.Name);
        Assert.Null(Policies.Find("visit"));
        Assert.Equal(2, Policies.All.Count());
    }

    [Fact]
    public void Every_key_begins_with_the_prefix()
    {
        TenantName.TryParse("demo", out var demo);
        var source = new KeySource(demo, "host", "/", new RouteValueDictionary { ["id"] = "1" });

        Assert.True(Policies.Find("customer")!.Template.TryFormat(source, out var key));
        Assert.Equal("app|demo:customer:1", key.Value);
    }

    [Fact]
    public void A_route_asks_by_its_metadata()
    {
        var both = Policies.ForRoute(new Dictionary<string, string> { ["CachePolicy"] = "customer", ["Evicts"] = "pet, customer, visit" }, Rules);

        Assert.Equal("customer", both.Policy?.Name);
        Assert.Equal(["Pet", "customer"], both.Evicts.Select(static policy => policy.Name));
        Assert.Equal((null, 0), Describe(Policies.ForRoute(null, Rules)));
        Assert.Equal((null, 0), Describe(Policies.ForRoute(new Dictionary<string, string> { ["Other"] = "customer" }, Rules)));
    }

    [Fact]
    public void A_key_that_is_no_template_is_refused_whoever_forgot_to_check_it() => Assert.Throws<ArgumentException>(
        static () => new PolicySet([new CachePolicyOptions { Name = "a", Key = "{" }], ""));

    private static (string? Policy, int Evicts) Describe(RouteCaching caching) => (caching.Policy?.Name, caching.Evicts.Length);
}
