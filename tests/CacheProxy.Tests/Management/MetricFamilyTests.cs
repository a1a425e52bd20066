using System.Diagnostics.Metrics;
using System.Text;
using CacheProxy.Management;
using Xunit;

namespace CacheProxy.Tests.Management;

/// <summary>The text format of Prometheus, version 0.0.4.</summary>
public sealed class MetricFamilyTests : IDisposable
{
    private readonly Meter _meter = new("test");

    [Fact]
    public void A_counter_is_a_sum_for_each_set_of_labels()
    {
        var family = new MetricFamily(_meter.CreateCounter<long>("cacheproxy.requests", null, "Requests"));
        family.Record(1, [Tag("policy", "customer"), Tag("result.kind", "b")]);
        family.Record(2, [Tag("policy", "customer"), Tag("result.kind", "a")]);
        family.Record(3, [Tag("policy", "customer"), Tag("result.kind", "b")]);

        Assert.Equal(
            """
            # HELP cacheproxy_requests_total Requests
            # TYPE cacheproxy_requests_total counter
            cacheproxy_requests_total{policy="customer",result_kind="a"} 2
            cacheproxy_requests_total{policy="customer",result_kind="b"} 4

            """,
            Text(family));
    }

    [Fact]
    public void A_gauge_shows_its_last_value()
    {
        var family = new MetricFamily(_meter.CreateGauge<double>("cacheproxy.pending"));
        family.Record(7, []);
        family.Record(0.5, []);

        Assert.Equal("# HELP cacheproxy_pending \n# TYPE cacheproxy_pending gauge\ncacheproxy_pending 0.5\n", Text(family));
    }

    [Theory]
    [InlineData("a\"b", "a\\\"b")]
    [InlineData("a\\b", "a\\\\b")]
    [InlineData("a\nb", "a\\nb")]
    [InlineData("\\\n\"", "\\\\\\n\\\"")]
    [InlineData("caf\u00e9 {}=,", "caf\u00e9 {}=,")]
    [InlineData("", "")]
    public void A_label_can_hold_any_text(string value, string expected)
    {
        var family = new MetricFamily(_meter.CreateCounter<long>("a", null, "line\nof \\ text"));
        family.Record(1, [Tag("policy", value)]);

        Assert.Equal($"# HELP a_total line\\nof \\\\ text\n# TYPE a_total counter\na_total{{policy=\"{expected}\"}} 1\n", Text(family));
    }

    [Fact]
    public void Labels_of_other_types_are_written_as_invariant_text()
    {
        var family = new MetricFamily(_meter.CreateCounter<double>("a"));
        family.Record(1.5, [Tag("code", 404), Tag("share", 0.5), Tag("none", null)]);
        family.Record(1e15, [Tag("code", 404), Tag("share", 0.5), Tag("none", null)]);

        Assert.EndsWith("a_total{code=\"404\",share=\"0.5\",none=\"\"} 1000000000000001.5\n", Text(family), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Concurrent_measurements_are_all_counted()
    {
        var family = new MetricFamily(_meter.CreateCounter<long>("a"));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                family.Record(1, []);
            }
        })));

        Assert.EndsWith("a_total 40000\n", Text(family), StringComparison.Ordinal);
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private static string Text(MetricFamily family)
    {
        var text = new StringBuilder();
        family.WriteTo(text);
        return text.ToString();
    }
}
