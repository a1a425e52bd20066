using System.Text;

namespace CacheProxy.Management;

/// <summary>A sum that only grows.</summary>
internal sealed class CounterSeries(string labels) : MetricSeries(labels)
{
    private double _sum;

    public override void Record(double value) => Add(ref _sum, value);

    public override void WriteTo(StringBuilder text, string name) => WriteLine(text, name, Labels, Volatile.Read(ref _sum));
}
