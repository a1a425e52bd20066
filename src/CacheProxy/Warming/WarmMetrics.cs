using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Warming;

/// <summary>What warming does. Tags come from closed sets.</summary>
internal sealed class WarmMetrics
{
    private readonly Counter<long> _requests;
    private int _running;

    public WarmMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(CacheProxyMeter.Name);
        _requests = meter.CreateCounter<long>(
            "cacheproxy.warm.requests", "{request}", "Hot requests that warming has looked at, by policy and result (fetched, present, skipped, refused, failed, unavailable)");
        meter.CreateObservableGauge("cacheproxy.warm.running", () => _running, "{policy}", "Policies that this replica is warming");
    }

    public void Began() => Interlocked.Increment(ref _running);

    public void Ended() => Interlocked.Decrement(ref _running);

    public void Begin(string policy)
    {
        foreach (var result in Enum.GetValues<WarmResult>())
        {
            Count(policy, result, count: 0);
        }
    }

    /// <summary>One that is tried again is counted when its result is known.</summary>
    public void Count(string policy, WarmResult result, int count = 1)
    {
        if (result != WarmResult.Busy)
        {
            _requests.Add(count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("result", ToToken(result)));
        }
    }

    private static string ToToken(WarmResult result) => result switch
    {
        WarmResult.Fetched => "fetched",
        WarmResult.Present => "present",
        WarmResult.Skipped => "skipped",
        WarmResult.Refused => "refused",
        WarmResult.Failed => "failed",
        WarmResult.Busy => "",
        WarmResult.StoreUnavailable => "unavailable",
    };
}
