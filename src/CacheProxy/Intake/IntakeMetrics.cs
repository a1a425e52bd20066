using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Intake;

/// <summary>What comes of what is told of writes past the sidecar.</summary>
internal sealed class IntakeMetrics
{
    public const string Http = "http";
    public const string Stream = "stream";

    private readonly Counter<long> _items;

    public IntakeMetrics(IMeterFactory meters) =>
        _items = meters.Create(CacheProxyMeter.Name).CreateCounter<long>(
            "cacheproxy.intake.items", "{item}", "Items that told of writes past the sidecar, by source (http, stream) and result (evicted, refused, unavailable)");

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

    private static string ToToken(IntakeResult result) => result switch
    {
        IntakeResult.Evicted => "evicted",
        IntakeResult.Refused => "refused",
        IntakeResult.Unavailable => "unavailable",
    };
}
