using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Intake;

/// <summary>What comes of what is told of writes past the sidecar.</summary>
internal sealed class IntakeMetrics
{
    public const string Http = "http";
    public const string Stream = "stream";

    private readonly Counter<long> _items;
    private readonly Counter<long> _setAside;
    private ImmutableArray<StreamLag> _lags = [];

    public IntakeMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(CacheProxyMeter.Name);
        _items = meter.CreateCounter<long>(
            "cacheproxy.intake.items", "{item}", "Items that told of writes past the sidecar, by source (http, stream) and result (evicted, refused, unavailable)");
        _setAside = meter.CreateCounter<long>(
            "cacheproxy.intake.set_aside", "{entry}", "Entries of a stream that nobody understood and that were set aside");
        meter.CreateObservableGauge(
            "cacheproxy.intake.lag", Lags, "s", "Age of the oldest entry of a stream that no replica has done: how long a write that it tells of may be read stale");
    }

    /// <summary>Shows how late a stream is.</summary>
    public void Watch(StreamLag lag)
    {
        ImmutableInterlocked.Update(ref _lags, static (lags, one) => lags.Add(one), lag);
        SetAside(lag.Stream, count: 0);
        foreach (var result in Enum.GetValues<IntakeResult>())
        {
            Taken(Stream, result, count: 0);
        }
    }

    /// <summary>An entry that nobody understands.</summary>
    public void SetAside(string stream, int count = 1)
    {
        if (_setAside.Enabled)
        {
            _setAside.Add(count, new KeyValuePair<string, object?>("stream", stream));
        }
    }

    /// <summary>Makes the series of what is posted exist, so that their first item is seen by those who compute rates.</summary>
    public void Begin()
    {
        foreach (var result in Enum.GetValues<IntakeResult>())
        {
            Taken(Http, result, count: 0);
        }
    }

    public void Taken(string source, IntakeResult result, int count = 1)
    {
        if (_items.Enabled)
        {
            _items.Add(count, new KeyValuePair<string, object?>("source", source), new KeyValuePair<string, object?>("result", ToToken(result)));
        }
    }

    private IEnumerable<Measurement<double>> Lags()
    {
        // The gauge is there where no stream is read, too.
        if (_lags.IsEmpty)
        {
            yield return new Measurement<double>(0, new KeyValuePair<string, object?>("stream", ""));
        }

        foreach (var lag in _lags)
        {
            yield return new Measurement<double>(lag.Seconds, new KeyValuePair<string, object?>("stream", lag.Stream));
        }
    }

    private static string ToToken(IntakeResult result) => result switch
    {
        IntakeResult.Evicted => "evicted",
        IntakeResult.Refused => "refused",
        IntakeResult.Unavailable => "unavailable",
    };
}
