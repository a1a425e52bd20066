using CacheProxy.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class TenantResolverTests
{
    private const string Header = "X-Tenant-Subdomain";

    [Theory]
    [InlineData("demo", "localhost", "demo")]
    [InlineData("DEMO", "localhost", "demo")]
    [InlineData("demo", null, "demo")]
    [InlineData(null, "demo.example.com", "demo")]
    [InlineData(null, "Demo.EXAMPLE.com", "demo")]
    [InlineData(null, "demo.example.com:8080", "demo")]
    [InlineData("demo", "demo.example.com", "demo")]
    [InlineData("Demo", "dEMO.example.com:443", "demo")]
    [InlineData("demo", "api.elsewhere.net", "demo")]
    [InlineData("demo", "[::1]:80", "demo")]
    public void What_the_sources_agree_on_is_the_tenant(string? header, string? host, string expected)
    {
        var resolution = Resolve(header is null ? [] : [header], host);

        Assert.Equal(TenantResolutionKind.Found, resolution.Kind);
        Assert.Equal(expected, resolution.Tenant.Value);
        Assert.Empty(resolution.Candidates);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("example.com")]
    [InlineData("example.com:80")]
    [InlineData(".example.com")]
    [InlineData("notexample.com")]
    [InlineData("demo.example.org")]
    [InlineData("demo.example.com.evil.net")]
    [InlineData("[2001:db8::1]")]
    [InlineData("[::1]:4004")]
    [InlineData("127.0.0.1")]
    public void A_request_that_names_no_tenant_has_none(string? host)
    {
        var resolution = Resolve([], host);

        Assert.Equal(TenantResolutionKind.Absent, resolution.Kind);
        Assert.Null(resolution.Tenant.Value);
        Assert.Empty(resolution.Candidates);
    }

    [Theory]
    [InlineData(new[] { "demo" }, "acme.example.com", "demo acme")]
    [InlineData(new[] { "demo", "acme" }, "localhost", "demo acme")]
    [InlineData(new[] { "demo", "DEMO", "acme", "acme" }, "localhost", "demo acme")]
    [InlineData(new[] { "demo", "acme" }, "other.example.com", "demo acme other")]
    public void Sources_that_disagree_are_a_contradiction_with_every_candidate(string[] headers, string host, string candidates) =>
        AssertDoubt(TenantResolutionKind.Contradictory, candidates, Resolve(headers, host));

    [Theory]
    [InlineData(new[] { "" }, "localhost", "")]
    [InlineData(new[] { "" }, "demo.example.com", "demo")]
    [InlineData(new[] { "a_b" }, "localhost", "a b")]
    [InlineData(new[] { "demo.example.com" }, "localhost", "demo example com")]
    [InlineData(new[] { "\"demo\"" }, "localhost", "demo")]
    [InlineData(new[] { "-demo-" }, "localhost", "demo")]
    [InlineData(new[] { "demo," }, "localhost", "demo")]
    [InlineData(new[] { "demo,demo" }, "localhost", "demo")]
    [InlineData(new[] { "demo, acme" }, "localhost", "demo acme")]
    [InlineData(new[] { "demo", "a b" }, "localhost", "demo a b")]
    [InlineData(new[] { "a b", "demo" }, "localhost", "demo a b")]
    [InlineData(new[] { "demo, acme", "demo" }, "acme.example.com", "demo acme")]
    [InlineData(new[] { "demo\u00e4" }, "acme.example.com", "acme demo")]
    public void What_is_no_label_is_malformed_and_every_label_in_it_a_candidate(string[] headers, string host, string candidates) =>
        AssertDoubt(TenantResolutionKind.Malformed, candidates, Resolve(headers, host));

    [Theory]
    [InlineData("demo.example.com.", "demo")]
    [InlineData("a.b.example.com", "a b")]
    [InlineData("a.b.c.example.com", "a c")]
    [InlineData("..example.com", "")]
    [InlineData("a_b.example.com", "a b")]
    public void A_host_that_could_be_read_in_two_ways_is_malformed(string host, string candidates) =>
        AssertDoubt(TenantResolutionKind.Malformed, candidates, Resolve([], host));

    [Fact]
    public void A_header_without_any_value_is_malformed()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers[Header] = new StringValues([]);
        context.Request.Headers[Header] = new StringValues([null]);

        AssertDoubt(TenantResolutionKind.Malformed, "", Resolver().Resolve(context.Request));
    }

    [Fact]
    public void No_request_makes_a_write_evict_for_more_than_a_handful_of_tenants()
    {
        var many = string.Join(',', Enumerable.Range(0, 1000).Select(static i => $"t{i}"));

        Assert.InRange(Resolve([many, "demo"], "acme.example.com").Candidates.Length, 1, 9);
    }

    [Theory]
    [InlineData("example.com eu.example.com")]
    [InlineData("eu.example.com example.com")]
    [InlineData("EU.example.com .example.com.")]
    public void Of_nested_base_domains_the_longest_decides_in_any_order(string domains)
    {
        var resolver = Resolver(["Host"], domains.Split(' '));

        Assert.Equal("demo", resolver.Resolve(Request([], "demo.eu.example.com")).Tenant.Value);
        Assert.Equal("demo", resolver.Resolve(Request([], "demo.example.com")).Tenant.Value);
        AssertDoubt(TenantResolutionKind.Malformed, "eu", resolver.Resolve(Request([], "eu.example.com")));
        AssertDoubt(TenantResolutionKind.Absent, "", resolver.Resolve(Request([], "example.com")));
    }

    [Theory]
    [InlineData("demo.example.com")]
    [InlineData("demo")]
    public void Without_base_domains_the_host_names_nobody(string host) =>
        AssertDoubt(TenantResolutionKind.Absent, "", Resolver(["Host"], []).Resolve(Request(["demo"], host)));

    [Fact]
    public void A_header_that_is_no_source_names_nobody() => AssertDoubt(
        TenantResolutionKind.Absent, "", Resolver(["Header:X-Other", "Host"], ["example.com"]).Resolve(Request(["demo"], "localhost")));

    [Theory]
    [InlineData("Host", true)]
    [InlineData("host", true)]
    [InlineData("Header:X-Tenant", true)]
    [InlineData("header:x", true)]
    [InlineData("Claim:tenant", true)]
    [InlineData("claim:https://example.com/tenant", true)]
    [InlineData("Claim:", false)]
    [InlineData("Header:", false)]
    [InlineData("Header:a b", false)]
    [InlineData("Header:a:b", false)]
    [InlineData("Header:\u00e4", false)]
    [InlineData("Query:tenant", false)]
    [InlineData("", false)]
    public void A_source_is_Host_or_a_named_header_or_claim(string text, bool isSource) => Assert.Equal(isSource, TenantResolver.IsSource(text));

    private static void AssertDoubt(TenantResolutionKind kind, string candidates, TenantResolution resolution)
    {
        Assert.Equal(kind, resolution.Kind);
        Assert.Null(resolution.Tenant.Value);
        Assert.Equal(candidates, string.Join(' ', resolution.Candidates));
    }

    private static TenantResolution Resolve(string[] headers, string? host) => Resolver().Resolve(Request(headers, host));

    private static TenantResolver Resolver(string[]? sources = null, string[]? domains = null) => new(new TenantOptions
    {
        Sources = [.. sources ?? ["Header:" + Header, "Host"]],
        BaseDomains = [.. domains ?? ["example.com"]],
    });

    private static HttpRequest Request(string[] headers, string? host)
    {
        var request = new DefaultHttpContext().Request;
        if (host is not null)
        {
            request.Host = new HostString(host);
        }

        if (headers.Length > 0)
        {
            request.Headers[Header] = headers;
        }

        return request;
    }
}
