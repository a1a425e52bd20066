namespace CacheProxy.Management;

/// <summary>One time series: a counter's sum, or what a gauge showed last.</summary>
/// <param name="labels">Its labels as Prometheus writes them, braces included; empty for none.</param>
internal sealed class MetricSeries(string labels)
{
    private double _value;

    public string Labels => labels;

    public double Value => Volatile.Read(ref _value);

    public void Add(double value)
    {
        double before;
        do
        {
            before = Volatile.Read(ref _value);
        }
        while (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref _value, before + value, before))
            != BitConverter.DoubleToInt64Bits(before));
    }

    public void Set(double value) => Volatile.Write(ref _value, value);
}
