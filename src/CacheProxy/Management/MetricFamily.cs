using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace CacheProxy.Management;

/// <summary>All series of one instrument.</summary>
internal sealed class MetricFamily
{
    private const string Seconds = "s";

    private readonly ConcurrentDictionary<MetricSeriesKey, MetricSeries> _series = new();
    private readonly string _type;
    private readonly Func<string, MetricSeries> _make;

    public MetricFamily(Instrument instrument)
    {
        (_type, _make) = instrument switch
        {
            Counter<long> => ("counter", (Func<string, MetricSeries>)(static labels => new CounterSeries(labels))),
            ObservableGauge<int> => ("gauge", static labels => new GaugeSeries(labels)),
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => ("histogram", labels => new HistogramSeries(labels, bounds)),
            _ => throw new ArgumentException($"An instrument of a kind that is not written here: {instrument.Name}.", nameof(instrument)),
        };
        Name = NameOf(instrument);
        Help = instrument.Description ?? "";
    }

    public string Name { get; }

    public string Help { get; }

    /// <summary>The name of an instrument as Prometheus has it: a unit of time and a counter's total become part of it.</summary>
    public static string NameOf(Instrument instrument) => instrument.Name.Replace('.', '_')
        + (instrument.Unit == Seconds ? "_seconds" : "")
        + (instrument is Counter<long> ? "_total" : "");

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = MetricSeriesKey.Of(tags);
        if (!_series.TryGetValue(key, out var series))
        {
            series = _series.GetOrAdd(key, _make(Labels(tags)));
        }

        series.Record(value);
    }

    /// <summary>Writes the family in the text format of Prometheus, version 0.0.4.</summary>
    public void WriteTo(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(Help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
        foreach (var series in _series.Values.OrderBy(static series => series.Labels, StringComparer.Ordinal))
        {
            series.WriteTo(text, Name);
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            text.Append(text.Length > 0 ? "," : "").Append(name.Replace('.', '_')).Append("=\"")
                .Append(Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n"))
                .Append('"');
        }

        return text.ToString();
    }
}
