using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using CacheProxy.Filling;
using CacheProxy.Proxy;
using CacheProxy.Reading;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.Bench.Pieces;

/// <summary>A stored response as an answer, without a server.</summary>
[MemoryDiagnoser]
public class HitBenchmarks
{
    private readonly StoredResponse _stored = Responses.Stored();
    private readonly HttpContext _context = Requests.OfService();
    private HitResponder _responder = null!;

    [GlobalSetup]
    public void Begin()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var memory = new MemoryOptions();
        var held = new HeldBodies(memory);
        var metrics = new CacheMetrics(meters, new Flights(), held, TimeProvider.System);
        _responder = new HitResponder(
            new ClientWriter(memory, meters, TimeProvider.System),
            new CacheEventLog(NullLoggerFactory.Instance),
            metrics,
            TimeProvider.System,
            NullLogger<HitResponder>.Instance);
        _context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
    }

    [Benchmark]
    public bool ServeHit()
    {
        _context.Response.Headers.Clear();
        var served = _responder.TryServeAsync(_context, Requests.Policy, "demo", _stored, 1000, 0);
        return served.IsCompletedSuccessfully;
    }
}
