using System.Text;
using CacheProxy.Management.Figures;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Management.Figures;

public sealed class MetricsReadingTests
{
    [Fact]
    public void A_series_has_a_name_and_labels_with_what_was_escaped_in_them()
    {
        var series = Series.Parse("some_total{detail=\"\",policy=\"a\\\"b\\\\c\\nd,}\"}")!;

        Assert.Equal(("some_total", "", "a\"b\\c\nd,}", ""), (series.Name, series["detail"], series["policy"], series["absent"]));
    }

    [Fact]
    public void What_is_written_with_escapes_is_read_as_it_was() => Prop.ForAll<NonNull<string>>(text =>
    {
        var escaped = text.Get.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        return Series.Parse($"n{{a=\"{escaped}\",b=\"1\"}}") is { } series && series["a"] == text.Get && series["b"] == "1";
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_makes_reading_fail() => Prop.ForAll<NonNull<string>>(text =>
    {
        _ = MetricsReading.Parse(Encoding.UTF8.GetBytes("cacheproxy_" + text.Get + "\ncacheproxy_x{" + text.Get), new SeriesTable(), timestamp: 0);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Only_the_programs_own_series_are_kept_and_each_keeps_its_place()
    {
        var table = new SeriesTable();
        _ = MetricsReading.Parse("# TYPE a counter\nother{} 3\ncacheproxy_a{} 1\n"u8, table, timestamp: 0);

        var second = MetricsReading.Parse("cacheproxy_b{} 5\ncacheproxy_a{} 1E+03\n"u8, table, timestamp: 0);

        Assert.Equal(["cacheproxy_a", "cacheproxy_b"], [table[0].Name, table[1].Name]);
        Assert.Equal((1000, 5), (second[0], second[1]));
    }

    [Fact]
    public void A_series_that_appeared_later_was_at_0()
    {
        var table = new SeriesTable();
        var first = MetricsReading.Parse("cacheproxy_a{} 1\n"u8, table, timestamp: 0);
        var second = MetricsReading.Parse("cacheproxy_a{} 1\ncacheproxy_b{} 7\n"u8, table, timestamp: 0);

        Assert.Equal((0, 7), (first[1], second[1]));
    }
}
