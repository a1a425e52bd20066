using System.Globalization;
using System.Text;

namespace CacheProxy.Management;

/// <summary>How many values fell up to each bound, and their sum.</summary>
/// <param name="labels">See <see cref="MetricSeries"/>.</param>
/// <param name="bounds">Upper bounds, ascending, each included; what is above all of them has a bucket of its own.</param>
internal sealed class HistogramSeries(string labels, IReadOnlyList<double> bounds) : MetricSeries(labels)
{
    private readonly long[] _counts = new long[bounds.Count + 1];
    private double _sum;

    public override void Record(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Count && value > bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        Add(ref _sum, value);
    }

    public override void WriteTo(StringBuilder text, string name)
    {
        // The count is the buckets' own, so that a line which is read while a value is recorded contradicts none of the others.
        var before = Labels.Length > 0 ? Labels + "," : "";
        var count = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            count += Volatile.Read(ref _counts[i]);
            var bound = i < bounds.Count ? bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
            WriteLine(text, name + "_bucket", $"{before}le=\"{bound}\"", count);
        }

        WriteLine(text, name + "_sum", Labels, Volatile.Read(ref _sum));
        WriteLine(text, name + "_count", Labels, count);
    }
}
