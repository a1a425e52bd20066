using CacheProxy.Configuration;
using CacheProxy.Http;
using CacheProxy.Tests.Configuration;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CacheProxy.Tests.Writing;

public sealed class EvictionTargetsTests
{
    private static readonly ConfigurationSnapshot Configuration = CandidateConfiguration.Accepted(
        ("CacheProxy:Tenant:BaseDomains:0", "example.com"));

    [Theory]
    [InlineData("/api/customers/1")]
    [InlineData("/api/customers/1/")]
    [InlineData("/API/Customers/1")]
    [InlineData("/api/customers/%31")]
    [InlineData("/%61pi/customers/1")]
    [InlineData("/api/customers/1?a=b")]
    [InlineData("/api/customers/1?%3B//..")]
    public void Every_spelling_that_routing_takes_as_the_same_resource_evicts_the_same_key(string target) =>
        Assert.Equal("demo:customer:1", Find("PUT", target));

    [Theory]
    [InlineData("/api/customers/1;v=2")]
    [InlineData("/api/customers/1%3bv=2")]
    [InlineData("/api/customers/1%20")]
    [InlineData("/api/customers/1.")]
    [InlineData("/api/customers/%2B1")]
    [InlineData("/api/customers/+1")]
    [InlineData("/api//customers/1")]
    [InlineData("/api/./customers/1")]
    [InlineData("/api/pets/../customers/1")]
    [InlineData("/api/pets/%2e%2e/customers/1")]
    [InlineData("/api%2Fcustomers%2F1")]
    [InlineData("/api%252Fcustomers/1")]
    [InlineData("/api\\customers\\1")]
    [InlineData("/api%5ccustomers/1")]
    [InlineData("/api;x/customers/1")]
    [InlineData("/api/customers/%EF%BC%91")]
    [InlineData("/api/customers/%c0%b1")]
    [InlineData("http://other.example.net/api/customers/1")]
    public void A_doubtful_path_evicts_what_it_may_mean(string target) =>
        Assert.Contains("demo:customer:1", Find("PUT", target).Split(' '));

    [Theory]
    [InlineData("/api/customers/1%2F2", "demo:customer:1")]
    [InlineData("/api/customers/1%2Fpets", "demo:customer:1")]
    [InlineData("/api/customers/1/../2", "demo:customer:2")]
    public void A_path_that_may_mean_several_resources_evicts_each_of_them(string target, string expected) =>
        Assert.Contains(expected, Find("PUT", target).Split(' '));

    [Theory]
    [InlineData("PUT", "/api/customers/1/pets", "demo:customer:1")]
    [InlineData("POST", "/api/customers/1/pets", "demo:customer:1")]
    [InlineData("FOO", "/api/customers/1/pets/2", "demo:customer:1")]
    [InlineData("POST", "/api/customers/1", "")]
    [InlineData("POST", "/api/customers", "")]
    [InlineData("PUT", "/api/customers/search", "")]
    [InlineData("PUT", "/api/other/1", "")]
    [InlineData("put", "/api/customers/1", "demo:customer:1")]
    [InlineData(null, "/api/customers/1", "demo:customer:1")]
    public void Method_and_route_decide_what_a_clear_request_evicts(string? method, string target, string expected) =>
        Assert.Equal(expected, Find(method, target));

    [Theory]
    [InlineData("X-Original-URL: /api/customers/2", "/api/customers/1", "demo:customer:1 demo:customer:2")]
    [InlineData("X-Rewrite-URL: /api/customers/2", "/api/other", "demo:customer:2")]
    [InlineData("x-rewrite-url: http://host/api/customers/2?x", "/api/other", "demo:customer:2")]
    [InlineData("X-Original-URL: api/./customers/2;x", "/", "demo:customer:2")]
    [InlineData("X_Original_URL: /api/customers/2", "/api/customers/1", "demo:customer:1 demo:customer:2")]
    [InlineData("Destination: http://localhost/api/customers/2", "/", "demo:customer:2")]
    [InlineData("Destination: /api/customers/2", "/api/customers/1", "demo:customer:1 demo:customer:2")]
    public void A_URL_in_a_header_is_evicted_besides_the_targets(string line, string target, string expected) =>
        Assert.Equal(expected, Find("PUT", target, line));

    [Theory]
    [InlineData("X-Tenant-Subdomain: acme", "localhost", "acme:customer:1")]
    [InlineData("X-Tenant-Subdomain: acme|X-Tenant-Subdomain: demo", "localhost", "acme:customer:1 demo:customer:1")]
    [InlineData("X-Tenant-Subdomain: acme, demo", "localhost", "acme:customer:1 demo:customer:1")]
    [InlineData("X-Tenant-Subdomain: acme", "demo.example.com", "acme:customer:1 demo:customer:1")]
    [InlineData("X-Tenant-Subdomain: acme|X_Tenant_Subdomain: demo", "localhost", "acme:customer:1 demo:customer:1")]
    [InlineData("X.Tenant.Subdomain: acme|X_Tenant_Subdomain: demo", "localhost", "acme:customer:1 demo:customer:1")]
    [InlineData("X-Tenant-Subdomain: a_b", "demo.example.com", "a:customer:1 b:customer:1 demo:customer:1")]
    [InlineData("X-Other: 1", "demo.example.com", "demo:customer:1")]
    [InlineData("X-Other: 1", "a.b.example.com", "a:customer:1 b:customer:1")]
    [InlineData("X-Other: 1", "localhost", "")]
    public void Every_tenant_that_the_API_may_take_it_for_is_evicted(string lines, string host, string expected) => Assert.Equal(
        expected,
        string.Join(' ', Find("PUT", "/api/customers/1", host, lines.Split('|')).Select(static target => target.Key.Value).Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData("COPY", "http://localhost/api/customers/2", "demo:customer:2")]
    [InlineData("MOVE", "/api/customers/2/pets/7", "demo:customer:2")]
    public void What_Destination_names_is_evicted_whichever_methods_the_policy_names(string method, string destination, string expected) =>
        Assert.Contains(expected, Find(method, "/api/customers/1", "Destination: " + destination).Split(' '));

    [Fact]
    public void Of_more_than_eight_tenants_the_first_eight_are_evicted() => Assert.Equal(
        8, Find("PUT", "/api/customers/1", "localhost", ["X-Tenant-Subdomain: a, b, c, d, e, f, g, h, i"]).Length);

    [Fact]
    public void A_target_says_to_the_log_whose_resource_it_is()
    {
        var target = Assert.Single(Find("PUT", "/api/customers/1", "localhost", ["X-Tenant-Subdomain: Demo"]));

        Assert.Equal(("customer", "demo", "1"), (target.Policy.Name, target.Tenant, target.Id));
    }

    [Theory]
    [InlineData("PUT", "X-HTTP-Method-Override: POST", true)]
    [InlineData("PUT", "X-HTTP-Method-Override: GET, FOO", true)]
    [InlineData("GET", "X-HTTP-Method-Override: PUT, GET", true)]
    [InlineData("GET", "X-Method-Override: GET", false)]
    public void An_overriding_method_is_noticed_whatever_else_stands_there(string method, string line, bool isUnsafe) => Assert.Equal(
        isUnsafe,
        MethodOverride.Find(Tests.Http.Headers.Live(line), QueryString.Empty) == OverriddenMethod.Unsafe || !Methods.IsSafe(method));

    private static string Find(string? method, string target, params string[] lines) => string.Join(
        ' ', Find(method, target, "localhost", [.. lines, "X-Tenant-Subdomain: demo"]).Select(static found => found.Key.Value).Order(StringComparer.Ordinal));

    private static EvictionTarget[] Find(string? method, string target, string host, string[] lines)
    {
        var context = new DefaultHttpContext();
        foreach (var (name, values) in Tests.Http.Headers.Live(lines))
        {
            context.Request.Headers[name] = values;
        }

        context.Request.Host = new HostString(host);
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return EvictionTargets.Find(context, RoutedRequest.Route(context, target, Configuration), method);
    }
}
