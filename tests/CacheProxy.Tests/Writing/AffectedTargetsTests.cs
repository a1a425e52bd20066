using CacheProxy.Tests.Configuration;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Writing;

/// <summary>RFC 9111 §4.4.</summary>
public sealed class AffectedTargetsTests
{
    [Theory]
    [InlineData(200, "/b", null, "p:host/b")]
    [InlineData(201, null, "/b/", "p:host/b")]
    [InlineData(303, "/B?x=1", "c", "p:host/b p:host/a/c")]
    [InlineData(200, "http://HOST/b", null, "p:host/b")]
    [InlineData(200, "https://host/b", null, "p:host/b")]
    [InlineData(200, "/%62", null, "p:host/b")]
    [InlineData(200, "http://other/b", null, "")]
    [InlineData(200, "http://host:81/b", null, "")]
    [InlineData(200, "/b;c", null, "")]
    [InlineData(400, "/b", "/b", null)]
    [InlineData(500, "/b", null, null)]
    [InlineData(200, null, null, null)]
    public void A_successful_answer_names_what_else_has_changed(int status, string? location, string? contentLocation, string? expected) =>
        Assert.Equal(expected, Find("{host}{path}", status, location, contentLocation, []));

    [Fact]
    public void A_key_without_the_path_is_not_guessed_from_one() => Assert.Null(Find("{host}|{id}", 200, "/b", null, []));

    [Theory]
    [InlineData("demo", "p:demo/b")]
    [InlineData("demo|acme", "p:demo/b p:acme/b")]
    [InlineData("demo, acme", "p:demo/b p:acme/b")]
    public void Every_tenant_that_the_write_may_be_of_is_evicted(string tenants, string expected) =>
        Assert.Equal(expected, Find("{tenant}{path}", 200, "/b", null, tenants.Split('|')));

    private static string? Find(string key, int status, string? location, string? contentLocation, string[] tenants)
    {
        var configuration = CandidateConfiguration.Accepted(
            ("CacheProxy:Policies:customer:Key", key), ("CacheProxy:Redis:KeyPrefix", "p:"));
        var context = new DefaultHttpContext();
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("host");
        context.Request.Path = "/a/1";
        context.Request.Headers["X-Tenant-Subdomain"] = tenants;
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        context.Response.Headers.ContentLocation = contentLocation;
        return new AffectedTargets(configuration.Rules.Routes["customer"]).Find(context) is { } targets
            ? string.Join(' ', targets.Select(static target => target.Key.Value))
            : null;
    }
}
