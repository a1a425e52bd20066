using System.Diagnostics.Metrics;

namespace CacheProxy.Telemetry;

/// <summary>The one meter that all instruments belong to.</summary>
internal static class CacheProxyMeter
{
    public const string Name = "CacheProxy";
}

/// <summary>The buckets of all durations, in seconds: fine where a hit is, and up to where clients give up.</summary>
internal static class DurationBuckets
{
    public static InstrumentAdvice<double> Advice { get; } = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };
}
