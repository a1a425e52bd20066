using System.Text;
using CacheProxy.Management.Figures;
using Xunit;

namespace CacheProxy.Tests.Management.Figures;

public sealed class SpanFiguresTests
{
    private const string Before = """
        cacheproxy_requests_total{detail="",outcome="hit",policy="customer"} 10
        cacheproxy_requests_total{detail="miss",outcome="fill",policy="customer"} 5
        """;

    private const string After = """
        cacheproxy_requests_total{detail="",outcome="hit",policy="customer"} 16
        cacheproxy_requests_total{detail="",outcome="stale",policy="customer"} 1
        cacheproxy_requests_total{detail="",outcome="collapsed",policy="pet"} 2
        cacheproxy_requests_total{detail="miss",outcome="fill",policy="customer"} 7
        cacheproxy_requests_total{detail="refresh",outcome="fill",policy="customer"} 1
        cacheproxy_requests_total{detail="head",outcome="forward",policy="customer"} 1
        cacheproxy_requests_total{detail="credentials",outcome="forward",policy="pet"} 4
        cacheproxy_fills_total{policy="customer",result="stored"} 6
        cacheproxy_fills_total{policy="customer",result="no-store"} 2
        cacheproxy_writes_total{policy="customer",result="changed",store="done"} 3
        cacheproxy_writes_total{policy="customer",result="changed",store="pending"} 1
        cacheproxy_evictions_total{policy="tag",store="done"} 9
        cacheproxy_upstream_failures_total{cluster="api",destination="a",error="dns_error"} 2
        cacheproxy_store_duration_seconds_count{outcome="failed",step="look-up"} 5
        cacheproxy_store_available{} 1
        cacheproxy_evictions_pending{} 4
        """;

    private readonly SeriesTable _table = new();

    [Fact]
    public void A_span_counts_what_happened_between_two_readings()
    {
        var customer = Between(Before, After).Policies["customer"];

        Assert.Equal((6, 1, 2, 1), (customer.Outcomes["hit"], customer.Outcomes["stale"], customer.Outcomes["fill"], customer.Outcomes["forward"]));
        Assert.Equal(10, customer.Requests);
    }

    [Fact]
    public void A_refresh_in_the_background_is_no_request_and_saves_the_API_one_less()
    {
        var customer = Between(Before, After).Policies["customer"];

        Assert.Equal((0.7, 6, 1), (customer.HitRatio, customer.Saved, customer.Refreshes));
    }

    [Fact]
    public void The_total_is_the_sum_of_all_policies()
    {
        var total = Between(Before, After).Total;

        Assert.Equal((16, 9 / 16.0), (total.Requests, total.HitRatio));
        Assert.Equal(["credentials", "head"], total.Forwards.MostFrequent.Select(static pair => pair.Key));
        Assert.Equal((6, 2), (total.Fills["stored"], total.Fills["no-store"]));
        Assert.Equal((4, 9), (total.Writes["changed"], total.Evictions));
    }

    [Fact]
    public void What_the_API_and_Redis_did_not_answer_belongs_to_no_policy()
    {
        var span = Between(Before, After);

        Assert.Equal((2, 5), (span.UpstreamFailures["dns_error"], span.StoreFailures));
        Assert.Equal(["customer", "pet", "tag"], span.Policies.Keys);
    }

    [Fact]
    public void Tenants_that_have_counters_have_figures_and_one_that_lost_its_counter_begins_anew()
    {
        const string Name = "cacheproxy_tenants_requests_total";
        var span = Between(
            $"{Name}{{tenant=\"acme\",outcome=\"hit\"}} 100\n{Name}{{tenant=\"demo\",outcome=\"hit\"}} 7",
            $"{Name}{{tenant=\"acme\",outcome=\"hit\"}} 3\n{Name}{{tenant=\"acme\",outcome=\"fill\"}} 1\n{Name}{{tenant=\"demo\",outcome=\"hit\"}} 9");

        Assert.Equal((0.75, 4, 2), (TrafficFigures.HitRatioOf(span.Tenants["acme"]), span.Tenants["acme"].Sum, span.Tenants["demo"].Sum));
        Assert.DoesNotContain(Between(Before, After).Tenants, static pair => pair.Value.Sum > 0);
    }

    [Fact]
    public void Hits_from_copies_are_hits_of_their_policy()
    {
        var span = Between(
            "",
            """
            cacheproxy_requests_total{detail="",outcome="hit",policy="customer"} 10
            cacheproxy_requests_total{detail="copy",outcome="hit",policy="customer"} 30
            """);

        Assert.Equal((40, 30), (span.Policies["customer"].Outcomes["hit"], span.Total.FromCopies));
    }

    [Fact]
    public void Leases_and_what_waited_for_holders_belong_to_no_policy()
    {
        var span = Between(
            "cacheproxy_holds_total{result=\"granted\"} 5",
            """
            cacheproxy_holds_total{result="granted"} 8
            cacheproxy_holds_total{result="refused"} 1
            cacheproxy_releases_total{reason="invalidated"} 2
            cacheproxy_evictions_waits_total{ended="acknowledged"} 4
            cacheproxy_evictions_waits_total{ended="lapsed"} 1
            cacheproxy_evictions_wait_seconds_bucket{ended="acknowledged",le="0.001"} 4
            cacheproxy_evictions_wait_seconds_bucket{ended="acknowledged",le="+Inf"} 4
            cacheproxy_copies{} 7
            cacheproxy_memory_copies_bytes{} 9000
            cacheproxy_channel_closed{} 1
            """);

        Assert.Equal((3, 1, 2), (span.Copies.Holds["granted"], span.Copies.Holds["refused"], span.Copies.Releases["invalidated"]));
        Assert.Equal((4, 1, 4), (span.Copies.Waits["acknowledged"], span.Copies.Waits["lapsed"], span.Copies.Wait.Count));
        Assert.Empty(span.Policies);
    }

    [Fact]
    public void Without_requests_there_is_no_ratio() => Assert.Null(Between(After, After).Total.HitRatio);

    [Fact]
    public void What_has_a_value_and_no_count_is_as_it_is_now()
    {
        var state = new StateFigures(Read(After));

        Assert.Equal((true, 4, 0), (state.StoreAvailable, state.EvictionsPending, state.Queued));
    }

    [Theory]
    // As histogram_quantile of Prometheus: within the bucket evenly.
    [InlineData(0.5, 0.0015)]
    [InlineData(0.25, 0.00075)]
    [InlineData(0.75, 0.002)]
    // Longer than the longest bound is all that is known.
    [InlineData(0.99, 0.002)]
    public void A_quantile_is_estimated_within_its_bucket(double share, double seconds)
    {
        var latency = new Latency();
        foreach (var (bound, count) in (ReadOnlySpan<(double, double)>)[(0.001, 1), (0.002, 2), (double.PositiveInfinity, 3)])
        {
            latency.Add(bound, count);
        }

        // Of two series.
        latency.Add(0.001, 0);
        latency.Add(0.002, 0);
        latency.Add(double.PositiveInfinity, 0);

        Assert.Equal(share * 3 > 2 ? 0.002 : seconds, latency.Quantile(share)!.Value, precision: 3);
    }

    [Fact]
    public void What_was_never_measured_has_no_quantile() => Assert.Null(new Latency().Quantile(0.5));

    [Fact]
    public void Latencies_of_a_span_are_of_what_ended_in_it()
    {
        const string Name = "cacheproxy_request_duration_seconds_bucket{outcome=\"hit\",policy=\"customer\",le=";
        var span = Between(
            $"{Name}\"0.001\"}} 100\n{Name}\"0.005\"}} 100\n{Name}\"+Inf\"}} 100",
            $"{Name}\"0.001\"}} 100\n{Name}\"0.005\"}} 104\n{Name}\"+Inf\"}} 104");

        var hits = span.Policies["customer"].Latencies["hit"];

        Assert.Equal((4, 0.003), (hits.Count, Math.Round(hits.Quantile(0.5)!.Value, 6)));
    }

    private SpanFigures Between(string before, string after)
    {
        var then = Read(before);
        return new SpanFigures(Read(after), then, seconds: 1);
    }

    private MetricsReading Read(string text) => MetricsReading.Parse(Encoding.UTF8.GetBytes(text), _table, timestamp: 0);
}
