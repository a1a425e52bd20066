using System.Diagnostics.Metrics;
using Xunit;

namespace CacheProxy.Tests.Management;

/// <summary>The text format of Prometheus, version 0.0.4, as the program configures its exporter.</summary>
public sealed class MetricsPageTests
{
    [Fact]
    public async Task A_counter_is_a_sum_by_labels_and_its_name_says_total()
    {
        using var exposition = new Exposition();
        var counter = exposition.Meter.CreateCounter<long>("some.things", "{thing}", "Things");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "b"));
        counter.Add(5, new KeyValuePair<string, object?>("kind", "a"));

        Assert.Equal(
            ["# TYPE some_things_total counter", "# HELP some_things_total Things", "some_things_total{kind=\"a\"} 7", "some_things_total{kind=\"b\"} 3"],
            await exposition.ReadAsync());
    }

    [Fact]
    public async Task A_gauge_is_what_it_shows_at_the_time_of_asking()
    {
        using var exposition = new Exposition();
        var value = 1;
        exposition.Meter.CreateObservableGauge("level", () => value, "{state}", "Level");
        Assert.Contains("level{} 1", await exposition.ReadAsync());
        value = 0;

        Assert.Equal(["# TYPE level gauge", "# HELP level Level", "level{} 0"], await exposition.ReadAsync());
    }

    [Fact]
    public async Task A_histogram_counts_upwards_through_its_buckets_each_of_which_includes_its_bound()
    {
        using var exposition = new Exposition();
        var histogram = exposition.Meter.CreateHistogram<double>(
            "wait", "s", "Waits", tags: null, new() { HistogramBucketBoundaries = [0.5, 1] });
        foreach (var seconds in (double[])[0.25, 0.5, 0.75, 4])
        {
            histogram.Record(seconds, new KeyValuePair<string, object?>("who", "me"));
        }

        Assert.Equal(
            [
                "# TYPE wait_seconds histogram",
                "# HELP wait_seconds Waits",
                "wait_seconds_bucket{who=\"me\",le=\"0.5\"} 2",
                "wait_seconds_bucket{who=\"me\",le=\"1\"} 3",
                "wait_seconds_bucket{who=\"me\",le=\"+Inf\"} 4",
                "wait_seconds_sum{who=\"me\"} 5.5",
                "wait_seconds_count{who=\"me\"} 4",
            ],
            await exposition.ReadAsync());
    }

    [Fact]
    public async Task A_histogram_without_labels_has_only_that_of_its_buckets()
    {
        using var exposition = new Exposition();
        exposition.Meter.CreateHistogram<double>("wait", "s", "Waits", tags: null, new() { HistogramBucketBoundaries = [1] }).Record(1);

        Assert.Equal(
            ["wait_seconds_bucket{le=\"1\"} 1", "wait_seconds_bucket{le=\"+Inf\"} 1", "wait_seconds_sum{} 1", "wait_seconds_count{} 1"],
            (await exposition.ReadAsync())[2..]);
    }

    [Fact]
    public async Task Values_of_labels_are_escaped()
    {
        using var exposition = new Exposition();
        exposition.Meter.CreateCounter<long>("odd").Add(1, new KeyValuePair<string, object?>("name", "a\"b\\c\nd"));

        Assert.Contains("odd_total{name=\"a\\\"b\\\\c\\nd\"} 1", await exposition.ReadAsync());
    }

    [Fact]
    public async Task What_has_not_happened_yet_is_not_shown()
    {
        using var exposition = new Exposition();
        exposition.Meter.CreateCounter<long>("never", "{time}", "Never");

        Assert.Empty(await exposition.ReadAsync());
    }

    [Fact]
    public async Task Many_values_at_once_are_all_counted()
    {
        const int Tasks = 8;
        const int Each = 10_000;
        using var exposition = new Exposition();
        var counter = exposition.Meter.CreateCounter<long>("count");
        var histogram = exposition.Meter.CreateHistogram<double>("wait", "s", "", tags: null, new() { HistogramBucketBoundaries = [1] });

        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                counter.Add(1);
                histogram.Record(0.5);
            }
        })));

        var lines = await exposition.ReadAsync();
        Assert.Contains("count_total{} 80000", lines);
        Assert.Contains("wait_seconds_count{} 80000", lines);
        Assert.Contains("wait_seconds_sum{} 40000", lines);
    }

    [Fact]
    public async Task The_meter_of_another_host_is_not_shown()
    {
        using var exposition = new Exposition();
        using var other = new Exposition();
        other.Meter.CreateCounter<long>("elsewhere").Add(1);

        Assert.Empty(await exposition.ReadAsync());
    }

    [Fact]
    public async Task A_meter_of_another_name_is_not_shown()
    {
        using var exposition = new Exposition();
        exposition.Meters.Create("Microsoft.AspNetCore.Hosting").CreateCounter<long>("elsewhere").Add(1);

        Assert.Empty(await exposition.ReadAsync());
    }

    [Fact]
    public async Task Whoever_asks_for_OpenMetrics_gets_the_same_text()
    {
        using var exposition = new Exposition();
        exposition.Meter.CreateHistogram<double>("wait", "s", "Waits", tags: null, new() { HistogramBucketBoundaries = [1] }).Record(1);

        Assert.Equal(
            await exposition.ReadAsync(), await exposition.ReadAsync("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"));
    }
}
