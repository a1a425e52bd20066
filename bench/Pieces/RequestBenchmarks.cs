using BenchmarkDotNet.Attributes;
using CacheProxy.Http;
using CacheProxy.Identity;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Bench.Pieces;

/// <summary>What is read of a request.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private HttpContext _context = null!;
    private VariantSource _variants;
    private TenantName _tenant;

    [Params(false, true)]
    public bool Browser { get; set; }

    [GlobalSetup]
    public void Begin()
    {
        _context = Browser ? Requests.OfBrowser() : Requests.OfService();
        _variants = Requests.Variants(_context);
        _ = TenantName.TryParse("demo", out _tenant);
    }

    [Benchmark]
    public bool ScanHeaderNames() => FoldedHeaders.Of(_context.Request.Headers).IsEmpty;

    [Benchmark]
    public bool FindMethodOverride() =>
        MethodOverride.Find(_context.Request.Headers, _context.Request.QueryString, _variants.Folded) == OverriddenMethod.None;

    [Benchmark]
    public string FormatKey()
    {
        var source = new KeySource(_tenant, "customers", "/api/customers/123", _context.Request.RouteValues);
        return Requests.Template.TryFormat(source, out var key) ? key.Value : "";
    }

    [Benchmark]
    public string VariantDigestOfPlainResource() => VariantDigest.Compute(_variants, "").Digest;

    [Benchmark]
    public string VariantDigestUnderVary() => VariantDigest.Compute(_variants, "accept-encoding,origin,x-colour").Digest;

    [Benchmark]
    public bool ParseRequestDirectives() => RequestDirectives.Parse("max-age=0, no-cache").NoCache;
}
