using System.Diagnostics.Metrics;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class CacheMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CacheMetrics _metrics;

    public CacheMetricsTests() => _metrics = new CacheMetrics(Meters, new Flights(), new HeldBodies(new MemoryOptions()), TimeProvider.System);

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    [Fact]
    public void A_fill_that_may_not_begin_is_counted_with_the_reason()
    {
        using var refused = Collect<long>("cacheproxy.fills.refused");
        foreach (var outcome in Enum.GetValues<BeginFillOutcome>())
        {
            _metrics.FillRefused("customer", outcome);
        }

        Assert.Equal(
            ["changed", "fill-under-way", "store-unavailable", "write-under-way"],
            refused.GetMeasurementSnapshot().Select(static measured => measured.Tags["reason"]).Order());
    }

    [Fact]
    public void A_refresh_in_the_background_is_told_apart_from_what_a_client_waits_for()
    {
        using var requests = Collect<long>("cacheproxy.requests");
        _metrics.Filling("customer", CacheStatusForward.UriMiss, inBackground: false);
        _metrics.Filling("customer", CacheStatusForward.Stale, inBackground: false);
        _metrics.Filling("customer", CacheStatusForward.Stale, inBackground: true);

        var measurements = requests.GetMeasurementSnapshot();
        Assert.Equal(["miss", "stale", "refresh"], measurements.Select(static measured => measured.Tags["detail"]));
        Assert.All(measurements, static measured => Assert.Equal(
            (1L, "customer", "fill"), (measured.Value, measured.Tags["policy"], measured.Tags["outcome"])));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hit_is_counted_and_timed_without_allocating(bool somebodyListens)
    {
        const int Hits = 1000;
        // Not a MetricCollector: it keeps every measurement, and that allocates.
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == CacheProxyMeter.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        if (somebodyListens)
        {
            listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
            listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
            listener.Start();
            Assert.NotEqual(0, _metrics.Begin());
        }

        Count(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Count(Hits);

        // Less than a byte each: what the runtime makes once is not the hits' doing.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Hits - 1);

        void Count(int hits)
        {
            for (var i = 0; i < hits; i++)
            {
                var began = _metrics.Begin();
                _metrics.Hit("customer", stale: false);
                _metrics.HitServed("customer", stale: false, began);
            }
        }
    }

    [Fact]
    public void Nothing_is_timed_while_nobody_listens()
    {
        using (Collect<double>(Duration))
        {
            Assert.NotEqual(0, _metrics.Begin());
        }

        Assert.Equal(0, _metrics.Begin());
    }

    [Fact]
    public void What_began_while_nobody_listened_has_no_duration()
    {
        using var durations = Collect<double>(Duration);

        _metrics.HitServed("customer", stale: false, began: 0);

        Assert.Empty(durations.GetMeasurementSnapshot());
    }

    public void Dispose() => _services.Dispose();

    private const string Duration = "cacheproxy.request.duration";

    private MetricCollector<T> Collect<T>(string instrument)
        where T : struct => new(Meters, CacheProxyMeter.Name, instrument);
}
