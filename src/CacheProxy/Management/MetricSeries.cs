using System.Globalization;
using System.Text;

namespace CacheProxy.Management;

/// <summary>One time series of an instrument.</summary>
/// <param name="labels">Its labels as Prometheus writes them, without braces; empty for none.</param>
internal abstract class MetricSeries(string labels)
{
    public string Labels => labels;

    public abstract void Record(double value);

    /// <summary>Writes its lines.</summary>
    public abstract void WriteTo(StringBuilder text, string name);

    protected static void WriteLine(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    protected static void Add(ref double sum, double value)
    {
        double before;
        do
        {
            before = Volatile.Read(ref sum);
        }
        while (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref sum, before + value, before))
            != BitConverter.DoubleToInt64Bits(before));
    }
}
