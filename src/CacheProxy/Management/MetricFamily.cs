using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace CacheProxy.Management;

/// <summary>All series of one instrument.</summary>
internal sealed class MetricFamily
{
    private readonly ConcurrentDictionary<MetricSeriesKey, MetricSeries> _series = new();
    private readonly bool _isGauge;

    public MetricFamily(Instrument instrument)
    {
        _isGauge = instrument.GetType().Name.Contains("Gauge", StringComparison.Ordinal);
        Name = instrument.Name.Replace('.', '_') + (_isGauge ? "" : "_total");
        Help = instrument.Description ?? "";
    }

    public string Name { get; }

    public string Help { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = MetricSeriesKey.Of(tags);
        if (!_series.TryGetValue(key, out var series))
        {
            series = _series.GetOrAdd(key, new MetricSeries(Labels(tags)));
        }

        if (_isGauge)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    /// <summary>Writes the family in the text format of Prometheus, version 0.0.4.</summary>
    public void WriteTo(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(Help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(_isGauge ? " gauge\n" : " counter\n");
        foreach (var series in _series.Values.OrderBy(static series => series.Labels, StringComparer.Ordinal))
        {
            text.Append(Name).Append(series.Labels).Append(' ')
                .Append(series.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder("{");
        foreach (var (name, value) in tags)
        {
            text.Append(text.Length > 1 ? "," : "").Append(name.Replace('.', '_')).Append("=\"")
                .Append(Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n"))
                .Append('"');
        }

        return text.Append('}').ToString();
    }
}
