using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Management;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class CacheMetricsTests
{
    [Fact]
    public void A_fill_that_may_not_begin_is_counted_with_the_reason()
    {
        using var exposition = new Exposition();
        using var refused = new MetricCollector<long>(exposition.Meters, CacheProxyMeter.Name, "cacheproxy.fills.refused");
        var metrics = new CacheMetrics(exposition.Meters, new Flights(), TimeProvider.System);
        foreach (var outcome in Enum.GetValues<BeginFillOutcome>())
        {
            metrics.FillRefused("customer", outcome);
        }

        Assert.Equal(
            ["changed", "fill-under-way", "store-unavailable", "write-under-way"],
            refused.GetMeasurementSnapshot().Select(static measured => (string)measured.Tags["reason"]!).Order());
    }

    [Fact]
    public void A_refresh_in_the_background_is_told_apart_from_what_a_client_waits_for()
    {
        using var exposition = new Exposition();
        using var requests = new MetricCollector<long>(exposition.Meters, CacheProxyMeter.Name, "cacheproxy.requests");
        var metrics = new CacheMetrics(exposition.Meters, new Flights(), TimeProvider.System);
        metrics.Filling("customer", CacheStatusForward.UriMiss, inBackground: false);
        metrics.Filling("customer", CacheStatusForward.Stale, inBackground: false);
        metrics.Filling("customer", CacheStatusForward.Stale, inBackground: true);

        Assert.Equal(
            [("fill", "miss", 1), ("fill", "stale", 1), ("fill", "refresh", 1)],
            requests.GetMeasurementSnapshot().Select(static measured =>
                ((string)measured.Tags["outcome"]!, (string)measured.Tags["detail"]!, measured.Value)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hit_is_counted_and_timed_without_allocating(bool somebodyListens)
    {
        const int Hits = 1000;
        using var exposition = new Exposition();
        var metrics = new CacheMetrics(exposition.Meters, new Flights(), TimeProvider.System);
        if (!somebodyListens)
        {
            exposition.Dispose();
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
                var began = metrics.Begin();
                metrics.Hit("customer", stale: false);
                metrics.HitServed("customer", stale: false, began);
            }
        }
    }

    [Fact]
    public void Nothing_is_timed_while_nobody_listens()
    {
        using var exposition = new Exposition();
        var metrics = new CacheMetrics(exposition.Meters, new Flights(), TimeProvider.System);
        Assert.NotEqual(0, metrics.Begin());

        exposition.Dispose();
        Assert.Equal(0, metrics.Begin());
    }

    [Fact]
    public void What_began_while_nobody_listened_has_no_duration()
    {
        using var exposition = new Exposition();
        using var durations = new MetricCollector<double>(exposition.Meters, CacheProxyMeter.Name, "cacheproxy.request.duration");
        var metrics = new CacheMetrics(exposition.Meters, new Flights(), TimeProvider.System);
        metrics.HitServed("customer", stale: false, began: 0);

        Assert.Empty(durations.GetMeasurementSnapshot());
    }
}
