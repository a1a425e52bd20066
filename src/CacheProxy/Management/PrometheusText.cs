using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using CacheProxy.Telemetry;

namespace CacheProxy.Management;

/// <summary>
/// The program's own meter in the text format of Prometheus. Small on purpose: the kinds of instruments that the program has.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly MeterListener _listener = new();

    public PrometheusText(IMeterFactory meters)
    {
        // Several hosts in one process have meters of one name; each shows its own.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == CacheProxyMeter.Name && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, static made => new MetricFamily(made)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.Start();
    }

    public Task AnswerAsync(HttpContext context)
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var family in _families.Values.OrderBy(static family => family.Name, StringComparer.Ordinal))
        {
            family.WriteTo(text);
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    public void Dispose() => _listener.Dispose();
}
