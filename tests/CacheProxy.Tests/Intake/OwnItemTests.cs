using CacheProxy.Configuration;
using CacheProxy.Tests.Configuration;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CacheProxy.Tests.Intake;

/// <summary>What a job tells of its writes, and what is evicted by it.</summary>
public sealed class OwnItemTests
{
    private static readonly ConfigurationSnapshot Shipped = CandidateConfiguration.Shipped(("CacheProxy:Tenant:BaseDomains:0", "example.com"));

    private static readonly ConfigurationSnapshot Nested = CandidateConfiguration.Accepted(
        ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pet:Match:Path", "/api/customers/{customerId}/pets/{id}"),
        ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"),
        ("ReverseProxy:Routes:pet:Metadata:Evicts", "pets, tag:owner:{customerId}"),
        ("CacheProxy:Policies:pet:Key", "{tenant}:{customerId}:pet:{id}"),
        ("CacheProxy:Policies:pets:Key", "{tenant}:pets:{customerId}"),
        ("CacheProxy:Policies:page:Key", "{host}|{path}"),
        ("ReverseProxy:Routes:page:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:page:Match:Path", "/pages/{**rest}"),
        ("ReverseProxy:Routes:page:Metadata:CachePolicy", "page"));

    [Theory]
    [InlineData("""{"policy":"customer","tenant":"demo","values":{"id":"1"}}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"policy":"Customer","tenant":"DEMO","values":{"ID":1.0}}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"policy":"customer","host":"demo.example.com:8080","values":{"id":1}}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"policy":"customer","tenant":"demo","values":{"id":"1","more":"x"}}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"policy":"customer","tenant":"demo","values":{"id":"F47AC10B-58CC-4372-A567-0E02B2C3D479"}}""", "demo:customer-list demo:customer:f47ac10b-58cc-4372-a567-0e02b2c3d479")]
    [InlineData("""{"policy":"customer-list","tenant":"demo"}""", "demo:customer-list")]
    [InlineData("""{"url":"/api/customers/1","tenant":"demo"}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"url":"/API/customers/%31/?page=2","tenant":"demo"}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"url":"https://demo.example.com/api/customers/1#top"}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"url":"/api/customers/1","host":"demo.example.com"}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"url":"http://customer-api:8080/api/customers/1/notes/3","tenant":"demo"}""", "demo:customer:1 demo:customer-list")]
    [InlineData("""{"tag":"plan:gold","tenant":"demo"}""", "tag|demo|plan:gold")]
    [InlineData("""{"policy":"pet","tenant":"demo","values":{"id":7}}""", "demo:customer-list demo:pet:7")]
    [InlineData("""{"policy":"pet","tenant":"demo","values":{"id":7},"body":{"customerId":"1"}}""", "demo:customer-list demo:customer:1 demo:pet:7")]
    public void A_write_evicts_what_it_would_have_evicted_through_the_sidecar(string json, string keys) =>
        Assert.Equal(keys.Split(' ').Order(StringComparer.Ordinal), ReadItems.Evicted(Shipped, json).Split(' '));

    [Theory]
    [InlineData("/api//customers/1")]
    [InlineData("/api/./customers/1;v=2")]
    [InlineData("/api/customers/%2531")]
    [InlineData("/api/customers/1%20")]
    public void A_doubtful_url_evicts_what_it_may_mean(string url) =>
        Assert.Contains("demo:customer:1", ReadItems.Evicted(Shipped, $$"""{"url":"{{url}}","tenant":"demo"}""").Split(' '));

    [Theory]
    [InlineData("/api/customers/17")]
    [InlineData("/api/customers")]
    [InlineData("/api/customers/17/notes")]
    [InlineData("/api/pets/4")]
    [InlineData("/api/services/cut/price")]
    [InlineData("/api/staff/9")]
    public void A_url_evicts_what_a_request_that_writes_it_evicts(string url)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "PUT";
        context.Request.Headers["X-Tenant-Subdomain"] = "demo";
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = url;
        var route = Writing.RoutedRequest.Route(context, url, Shipped);
        var written = EvictionTargets.Find(context, route, "PUT").Select(static target => target.Key.Value);

        Assert.Equal(written.Order(StringComparer.Ordinal), ReadItems.Evicted(Shipped, $$"""{"url":"{{url}}","tenant":"demo"}""").Split(' '));
    }

    [Theory]
    [InlineData("""{"policy":"custumer","tenant":"demo","values":{"id":"1"}}""", "policy")]
    [InlineData("""{"policy":"customer","values":{"id":"1"}}""", "tenant")]
    [InlineData("""{"policy":"customer","tenant":"a.b","values":{"id":"1"}}""", "tenant")]
    [InlineData("""{"policy":"customer","tenant":"other","host":"demo.example.com","values":{"id":"1"}}""", "tenant")]
    [InlineData("""{"policy":"customer","tenant":"demo"}""", "values/id")]
    [InlineData("""{"policy":"customer","tenant":"demo","values":{"id":""}}""", "values/id")]
    [InlineData("""{"policy":"customer","tenant":"demo","values":{"id":null}}""", "values/id")]
    [InlineData("""{"policy":"customer","tenant":"demo","values":{"id":1,"ID":2}}""", "values/ID")]
    [InlineData("""{"policy":"customer","tenant":"demo","values":[1]}""", "values")]
    [InlineData("""{"policy":"customer","tenant":"demo","id":"1"}""", "id")]
    [InlineData("""{"policy":"","tenant":"demo"}""", "policy")]
    [InlineData("""{"tenant":"demo"}""", "")]
    [InlineData("""{"policy":"customer","url":"/api/customers/1","tenant":"demo"}""", "")]
    [InlineData("""{"url":"/elsewhere","tenant":"demo"}""", "url")]
    [InlineData("""{"url":"api/customers/1","tenant":"demo"}""", "url")]
    [InlineData("""{"url":"ftp://demo.example.com/api/customers/1"}""", "url")]
    [InlineData("""{"url":"http://user@demo.example.com/api/customers/1"}""", "url")]
    [InlineData("""{"url":"/api/customers/1"}""", "tenant")]
    [InlineData("""{"url":"/api/customers/1","tenant":"demo","values":{"id":1}}""", "values")]
    [InlineData("""{"url":"http://a/api/customers/1","host":"b"}""", "host")]
    [InlineData("""{"url":"/api/customers/1","host":"b c"}""", "host")]
    [InlineData("""{"tag":"plan:gold"}""", "tenant")]
    [InlineData("""{"tag":"a\nb","tenant":"demo"}""", "tag")]
    [InlineData("""{"policy":"pet","tenant":"demo","values":{"id":7},"body":"x"}""", "body")]
    [InlineData("""{"policy":"\ud800"}""", "policy")]
    [InlineData("""{"\ud800":"x"}""", "no JSON")]
    [InlineData("""{"\ud800":"x","policy":"y"}""", "no JSON")]
    [InlineData("""{"policy":"x","policy":"y"}""", "no JSON")]
    [InlineData("""["policy"]""", "")]
    [InlineData("7", "")]
    public void What_nobody_can_tell_for_certain_is_refused_by_name(string json, string member) =>
        Assert.Equal("refused: " + member, ReadItems.Evicted(Shipped, json));

    [Theory]
    [InlineData("""{"policy":"pet","tenant":"demo","values":{"id":7,"customerId":1}}""", "refused: host")]
    [InlineData("""{"policy":"pet","tenant":"demo","host":"a","values":{"id":7,"customerId":1}}""", "demo:1:pet:7 demo:pets:1 tag|@a|owner:1 tag|demo|owner:1")]
    [InlineData("""{"policy":"pet","tenant":"demo","values":{"id":7}}""", "refused: values/customerId")]
    [InlineData("""{"url":"/api/customers/1/pets/7","tenant":"demo","host":"a"}""", "demo:1:pet:7 demo:customer:1 demo:pets:1 tag|@a|owner:1 tag|demo|owner:1")]
    [InlineData("""{"policy":"page","host":"a"}""", "refused: policy")]
    [InlineData("""{"url":"/pages/x"}""", "refused: host")]
    [InlineData("""{"url":"http://A/pages/x/"}""", "a|/pages/x")]
    public void What_its_route_evicts_needs_its_values_too(string json, string keys) => Assert.Equal(keys, ReadItems.Evicted(Nested, json));
}
