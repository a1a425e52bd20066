using System.Diagnostics;

namespace CacheProxy.Bench.Load.Traffic;

/// <summary>What a run of the driver was: a latency for each answer, how long it took, and what the generator itself used.</summary>
internal sealed class Answers(long[] latencies, TimeSpan elapsed, TimeSpan generator)
{
    private readonly long[] _sorted = Sorted(latencies);

    public int Requests => _sorted.Length;

    public double PerSecond => Requests / elapsed.TotalSeconds;

    public double GeneratorMicroseconds => generator.TotalMicroseconds / Requests;

    /// <summary>In microseconds; the smallest latency that at least this share of the requests does not exceed.</summary>
    public double Percentile(double share)
    {
        if (_sorted.Length == 0)
        {
            throw new BenchFailure("No request was answered");
        }

        var index = Math.Clamp((int)Math.Ceiling(share * _sorted.Length) - 1, 0, _sorted.Length - 1);
        return _sorted[index] * 1e6 / Stopwatch.Frequency;
    }

    private static long[] Sorted(long[] values)
    {
        Array.Sort(values);
        return values;
    }
}
