using System.Text;

namespace CacheProxy.Management;

/// <summary>What was measured last.</summary>
internal sealed class GaugeSeries(string labels) : MetricSeries(labels)
{
    private double _last;

    public override void Record(double value) => Volatile.Write(ref _last, value);

    public override void WriteTo(StringBuilder text, string name) => WriteLine(text, name, Labels, Volatile.Read(ref _last));
}
