using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Tests.Http;
using CacheProxy.Tests.Reading;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class StorabilityTests
{
    private static readonly CachePolicyOptions FiveMinutes = new() { Name = "customer", Key = "{id}", Ttl = TimeSpan.FromMinutes(5) };

    [Theory]
    [InlineData("X: 1", 300, 300)]
    [InlineData("ETag: \"a\"", 300, 300)]
    [InlineData("Cache-Control: max-age=20", 20, 20)]
    [InlineData("Cache-Control: max-age=20|ETag: \"a\"", 20, 80)]
    [InlineData("Cache-Control: max-age=600|ETag: \"a\"", 600, 1200)]
    [InlineData("Cache-Control: max-age=20, stale-if-error=90", 20, 110)]
    [InlineData("Cache-Control: max-age=20, stale-while-revalidate=30|ETag: \"a\"", 20, 80)]
    [InlineData("Cache-Control: max-age=20|Age: 15", 20, 5)]
    [InlineData("Cache-Control: max-age=999999999|ETag: \"a\"", 999999999, 86400)]
    public void It_is_kept_for_its_freshness_and_what_it_may_serve_stale_or_be_validated_for(string lines, long lifetime, long retention)
    {
        var storable = TryMake(FiveMinutes, lines, out var decision);

        Assert.Equal(StorageDecision.Storable, decision);
        Assert.Equal((lifetime * 1000, TimeSpan.FromSeconds(retention)), (storable!.Response.LifetimeMs, storable.Retention));
    }

    [Theory]
    [InlineData("Cache-Control: no-store", StorageDecision.NoStore)]
    [InlineData("Cache-Control: private", StorageDecision.Private)]
    [InlineData("Set-Cookie: a=1", StorageDecision.SetCookie)]
    [InlineData("Vary: *", StorageDecision.VaryAny)]
    public void What_may_not_be_stored_is_not(string lines, object expected)
    {
        Assert.Null(TryMake(FiveMinutes, lines, out var decision));
        Assert.Equal(expected, decision);
    }

    [Theory]
    [InlineData("", "Vary: Accept, Origin", "accept,origin")]
    [InlineData("accept-language", "Vary: Accept", "accept,accept-language")]
    [InlineData("accept-language", "X: 1", "accept-language")]
    [InlineData("", "Content-Encoding: gzip", "accept-encoding")]
    [InlineData("", "Content-Encoding: br|Vary: Origin", "accept-encoding,origin")]
    public void It_varies_on_what_the_resource_is_known_to_vary_on_too(string known, string lines, string expected)
    {
        var storable = TryMake(FiveMinutes, lines, out _, known)!;

        Assert.Equal(expected, storable.Vary);
        Assert.Equal(storable.Variant, Request(FiveMinutes).VariantUnder(expected));
    }

    [Fact]
    public void Jitter_shortens_the_policys_freshness_and_never_the_origins()
    {
        var jittery = FiveMinutes with { TtlJitter = TimeSpan.FromMinutes(1) };
        var lifetimes = Enumerable.Range(0, 200).Select(_ => TryMake(jittery, "X: 1", out var _)!.Response.LifetimeMs).ToArray();

        Assert.All(lifetimes, static lifetime => Assert.InRange(lifetime, 240_000, 300_000));
        Assert.True(lifetimes.Distinct().Count() > 1);
        Assert.Equal(20_000, TryMake(jittery, "Cache-Control: max-age=20", out _)!.Response.LifetimeMs);
    }

    [Fact]
    public void It_remembers_which_target_it_answered() => Assert.Equal(
        "host:81 /api/customers/A/", TryMake(FiveMinutes, "X: 1", out _)!.Response.Target);

    private static FillResult? TryMake(CachePolicyOptions options, string lines, out StorageDecision decision, string known = "")
    {
        var request = Request(options);
        var response = request.Context.Response;
        foreach (var (name, values) in Headers.Live(lines.Split('|')))
        {
            response.Headers[name] = values;
        }

        return Storability.Of(request, known, new UpstreamFraming(), Headers.DateMs, Headers.DateMs, out decision);
    }

    private static CacheRequest Request(CachePolicyOptions options)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Host = new HostString("Host:81");
        context.Request.Path = "/api/customers/A/";
        context.Request.Headers.Accept = "a";
        context.Request.Headers.AcceptLanguage = "de";
        return CacheRequests.Make(context, new ResourceKey("a"), options);
    }
}
