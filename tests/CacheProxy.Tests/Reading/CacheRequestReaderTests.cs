using System.Reflection;
using CacheProxy.Configuration;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Reading;
using CacheProxy.Store;
using CacheProxy.Tests.Configuration;
using CacheProxy.Tests.Http;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CacheProxy.Tests.Reading;

public sealed class CacheRequestReaderTests
{
    private static readonly ConfigurationSnapshot Shipped = CandidateConfiguration.Accepted();
    private static readonly ConfigurationSnapshot Bypassing = CandidateConfiguration.Accepted(("CacheProxy:Policies:customer:Credentials", "Bypass"));
    private static readonly ConfigurationSnapshot Off = CandidateConfiguration.Accepted(("CacheProxy:Policies:customer:Mode", "Off"));
    private static readonly ConfigurationSnapshot CatchAll = CandidateConfiguration.Accepted(("CacheProxy:Policies:customer:Key", "{host}{path}"));

    [Theory]
    [InlineData("X-HTTP-Method-Override: GET", ForwardReason.MethodOverride)]
    [InlineData("X-Original-URL: /", ForwardReason.TargetOverride)]
    [InlineData("X-Rewrite-URL: /", ForwardReason.TargetOverride)]
    [InlineData("X_Api_Key: 1", ForwardReason.HeaderName)]
    [InlineData("X_Tenant_Subdomain: acme", ForwardReason.HeaderName)]
    [InlineData("X_HTTP_Method_Override: GET", ForwardReason.HeaderName)]
    [InlineData("X_Forwarded_For: 10.0.0.1", ForwardReason.HeaderName)]
    [InlineData("Content-Length: 1", ForwardReason.RequestBody)]
    [InlineData("Upgrade: websocket", ForwardReason.Upgrade)]
    [InlineData("If-Match: \"a\"", ForwardReason.Precondition)]
    [InlineData("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", ForwardReason.Precondition)]
    [InlineData("Cache-Control: no-store", ForwardReason.RequestNoStore)]
    [InlineData("X-Tenant-Subdomain: acme", ForwardReason.TenantContradictory)]
    [InlineData("X-Tenant-Subdomain: a_b", ForwardReason.TenantMalformed)]
    public void A_header_that_leaves_a_doubt_is_the_reason_to_forward(string line, object reason) =>
        Assert.Equal(reason, Refused(Shipped, "/api/customers/1", "1", "X-Tenant-Subdomain: demo", line));

    [Theory]
    [InlineData("/api/customers/1;x", ForwardReason.Path)]
    [InlineData("/api//customers/1", ForwardReason.Path)]
    [InlineData("http://host/api/customers/1", ForwardReason.TargetOverride)]
    [InlineData("*", ForwardReason.TargetOverride)]
    [InlineData("", ForwardReason.TargetOverride)]
    public void So_is_the_target(string target, object reason) =>
        Assert.Equal(reason, Refused(Shipped, target, "1", "X-Tenant-Subdomain: demo"));

    [Fact]
    public void So_are_tenant_key_policy_and_credentials()
    {
        Assert.Equal(ForwardReason.TenantAbsent, Refused(Shipped, "/api/customers/1", "1"));
        Assert.Equal(ForwardReason.Key, Refused(Shipped, "/api/customers/a:b", "a:b", "X-Tenant-Subdomain: demo"));
        Assert.Equal(ForwardReason.PolicyOff, Refused(Off, "/api/customers/1", "1", "X-Tenant-Subdomain: demo"));
        Assert.Equal(ForwardReason.ExceptedId, Refused(Shipped, "/api/customers/Me", "Me", "X-Tenant-Subdomain: demo"));
        Assert.Equal(ForwardReason.ExceptedId, Refused(CatchAll, "/api/customers/me", "me"));
        Assert.Equal(ForwardReason.Credentials, Refused(Bypassing, "/api/customers/1", "1", "X-Tenant-Subdomain: demo", "Cookie: a"));
    }

    [Fact]
    public void A_request_beyond_doubt_has_its_key_and_variant()
    {
        var request = Read(Shipped, "/api/customers/1?a=b", "1", out _, "X-Tenant-Subdomain: Demo");

        Assert.Equal(("demo:customer:1", "demo", "1"), (request!.Key.Value, request.Tenant, request.Id));
        Assert.False(request.VariantUnder("").IsPlain);
        Assert.True(Read(Shipped, "/api/customers/1", "1", out _, "X-Tenant-Subdomain: demo", "Content-Length: 0")!.VariantUnder("").IsPlain);
    }

    [Theory]
    [InlineData("/api/customers/1", true)]
    [InlineData("/API/customers/1", false)]
    [InlineData("/api/customers/1/", false)]
    [InlineData("/api/customers/%31", false)]
    public void Each_spelling_of_the_path_is_a_variant_of_one_resource(string target, bool isPlain)
    {
        var byPath = Read(CatchAll, target, "1", out _)!;
        var byId = Read(Shipped, target, "1", out _, "X-Tenant-Subdomain: demo")!;

        Assert.Equal(("host/api/customers/1", "demo:customer:1"), (byPath.Key.Value, byId.Key.Value));
        Assert.Equal((isPlain, isPlain), (byPath.VariantUnder("").IsPlain, byId.VariantUnder("").IsPlain));
    }

    [Theory]
    [InlineData("HTTP/1.1", "http", false, true)]
    [InlineData("HTTP/2", "http", false, true)]
    [InlineData("HTTP/2", "https", true, true)]
    [InlineData("HTTP/2", "https", false, false)]
    [InlineData("HTTP/2", "http", true, false)]
    public void A_scheme_that_is_not_the_connections_is_a_variant_of_its_own(string protocol, string scheme, bool isEncrypted, bool isPlain)
    {
        var context = Context("/api/customers/1", "1", "X-Tenant-Subdomain: demo");
        context.Request.Protocol = protocol;
        context.Request.Scheme = scheme;
        if (isEncrypted)
        {
            context.Features.Set(DispatchProxy.Create<ITlsHandshakeFeature, EncryptedConnection>());
        }

        Assert.Equal(isPlain, Read(Shipped, context, out _)!.VariantUnder("").IsPlain);
    }

    private static ForwardReason Refused(ConfigurationSnapshot configuration, string target, string id, params string[] lines)
    {
        Assert.Null(Read(configuration, target, id, out var reason, lines));
        return reason;
    }

    private static CacheRequest? Read(
        ConfigurationSnapshot configuration, string target, string id, out ForwardReason reason, params string[] lines) =>
        Read(configuration, Context(target, id, lines), out reason);

    private static CacheRequest? Read(ConfigurationSnapshot configuration, HttpContext context, out ForwardReason reason)
    {
        var route = configuration.Rules.Routes["customer"];
        var folded = FoldedHeaders.Of(context.Request.Headers);
        var overridden = MethodOverride.Find(context.Request.Headers, context.Request.QueryString, folded);
        return CacheRequestReader.TryRead(context, route.Policy!, route, folded, overridden, out var read, out reason)
            ? CacheRequest.Of(read, new StoreTimeoutBudget(read.StoreTimeout))
            : null;
    }

    private static DefaultHttpContext Context(string target, string id, params string[] lines)
    {
        var context = new DefaultHttpContext();
        var query = target.IndexOf('?', StringComparison.Ordinal);
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        context.Request.Method = "GET";
        context.Request.Host = new HostString("host");
        context.Request.Path = target.StartsWith('/') ? Uri.UnescapeDataString(target.Split('?')[0]) : "/";
        context.Request.QueryString = new QueryString(query < 0 ? "" : target[query..]);
        context.Request.RouteValues = new RouteValueDictionary { ["id"] = id };
        foreach (var (name, values) in Headers.Live(lines))
        {
            context.Request.Headers[name] = values;
        }

        return context;
    }
}
