using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Tests.Writing;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>The policies of the shipped file: what each is for, and that one key switches it on.</summary>
public sealed class ShippedPoliciesTests
{
    private static readonly ConfigurationSnapshot Shipped = CandidateConfiguration.Shipped();

    [Theory]
    [InlineData("customer", "{tenant}:customer:{id}", "00:05:00", CacheMode.On)]
    [InlineData("customer-list", "{tenant}:customer-list", "00:00:30", CacheMode.Off)]
    [InlineData("tenant", "{tenant}:tenant:{subdomain}", "00:10:00", CacheMode.Off)]
    [InlineData("pet", "{tenant}:pet:{id}", "00:05:00", CacheMode.Off)]
    [InlineData("service-catalog", "{tenant}:service-catalog", "01:00:00", CacheMode.Off)]
    [InlineData("staff", "{tenant}:staff:{id}", "00:10:00", CacheMode.Off)]
    [InlineData("reservation", "{tenant}:reservation:{id}", "00:01:00", CacheMode.Off)]
    public void Each_has_its_key_and_Ttl_and_only_customers_are_on(string name, string key, string ttl, object mode)
    {
        var policy = Assert.Single(Shipped.Options.Policies, policy => policy.Name == name);

        Assert.Equal((key, TimeSpan.Parse(ttl, null), (CacheMode)mode), (policy.Key, policy.Ttl!.Value, policy.Mode));
        Assert.Equal(7, Shipped.Options.Policies.Length);
    }

    [Theory]
    [InlineData("customer-list")]
    [InlineData("tenant")]
    [InlineData("pet")]
    [InlineData("service-catalog")]
    [InlineData("staff")]
    [InlineData("reservation")]
    public void One_key_switches_it_on(string name)
    {
        var switched = CandidateConfiguration.Shipped(($"CacheProxy:Policies:{name}:Mode", "On"));

        Assert.All(
            switched.Rules.Routes.Values.Where(route => route.Policy?.Name == name),
            static route => Assert.Equal(CacheMode.On, route.Reads!.Options.Mode));
        Assert.Equal(["customer", name], switched.Options.Policies.Where(static policy => policy.Mode == CacheMode.On).Select(static policy => policy.Name));
    }

    [Fact]
    public void A_list_whose_policy_is_off_is_read_as_if_there_were_none()
    {
        Assert.All(["customer-list", "customer-search", "service-catalog"], static route => Assert.Null(Shipped.Rules.Routes[route].Reads));
        Assert.NotNull(Shipped.Rules.Routes["pet"].Reads);
    }

    [Theory]
    [InlineData("PUT", "/api/customers/1", "demo:customer-list demo:customer:1")]
    [InlineData("DELETE", "/API/customers/1/", "demo:customer-list demo:customer:1")]
    [InlineData("POST", "/api/customers", "demo:customer-list")]
    [InlineData("POST", "/api/customers/", "demo:customer-list")]
    [InlineData("POST", "/api/customers?x=1", "demo:customer-list")]
    [InlineData("PUT", "/api/customers/%73earch", "demo:customer-list")]
    [InlineData("POST", "/api/customers/search", "")]
    [InlineData("PUT", "/api/customers/search/", "demo:customer-list")]
    [InlineData("POST", "/api/customers/1/pets", "demo:customer-list demo:customer:1")]
    [InlineData("DELETE", "/api/customers/1/pets/2", "demo:customer-list demo:customer:1")]
    [InlineData("POST", "/api//customers", "demo:customer-list")]
    [InlineData("PUT", "/api/pets/7", "demo:customer-list demo:pet:7")]
    [InlineData("POST", "/api/pets", "demo:customer-list")]
    [InlineData("POST", "/api/pets/7/photos", "demo:pet:7")]
    [InlineData("POST", "/api/services", "demo:service-catalog")]
    [InlineData("POST", "/api/services/", "demo:service-catalog")]
    [InlineData("PUT", "/api/services/3", "demo:service-catalog")]
    [InlineData("PUT", "/api/services/3/prices/", "demo:service-catalog")]
    [InlineData("PATCH", "/api/staff/4", "demo:staff:4")]
    [InlineData("POST", "/api/staff", "")]
    [InlineData("POST", "/api/reservations/9/cancel", "demo:reservation:9")]
    [InlineData("DELETE", "/api/reservations/9", "demo:reservation:9")]
    [InlineData("PUT", "/api/tenants/by-subdomain/demo", "demo:tenant:demo")]
    [InlineData("PUT", "/api/other/1", "")]
    public void Whether_on_or_off_a_write_evicts_what_it_changes(string method, string target, string expected)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["X-Tenant-Subdomain"] = "demo";
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;

        var targets = EvictionTargets.Find(context, RoutedRequest.Route(context, target, Shipped), method);

        // A path in doubt may mean more than that.
        Assert.Subset(
            targets.Select(static found => found.Key.Value).ToHashSet(), expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet());
        Assert.True(targets.Length <= 3 && (targets.Length == 0) == (expected.Length == 0));
    }
}
