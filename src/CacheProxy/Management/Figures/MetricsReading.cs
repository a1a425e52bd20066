using System.Globalization;
using System.Text;

namespace CacheProxy.Management.Figures;

/// <summary>
/// What <c>/metrics</c> showed at one time: the values of the series that statistics are made of. What the program counts anyway is read
/// from there, so that statistics cost a request nothing and never differ from the metrics.
/// </summary>
internal sealed class MetricsReading
{
    private readonly double[] _values;

    private MetricsReading(SeriesTable table, double[] values, long timestamp) => (Table, _values, Timestamp) = (table, values, timestamp);

    public SeriesTable Table { get; }

    /// <summary>Of the program's clock.</summary>
    public long Timestamp { get; }

    /// <summary>A series' value; 0 before it appeared, as counters begin there.</summary>
    public double this[int index] => index < _values.Length ? _values[index] : 0;

    /// <summary>
    /// What a series counted since an earlier reading, or since the start. If it is less than it was, a tenant lost its counter and may have
    /// begun another one.
    /// </summary>
    public double Since(MetricsReading? then, int index) => then?[index] is { } before && before <= this[index] ? this[index] - before : this[index];

    /// <param name="text">In the text format of Prometheus, version 0.0.4.</param>
    /// <param name="table">Knows the series of all readings.</param>
    /// <param name="timestamp">When the text was written.</param>
    public static MetricsReading Parse(ReadOnlySpan<byte> text, SeriesTable table, long timestamp)
    {
        var values = new double[Math.Max(table.Count, 64)];
        Span<char> line = stackalloc char[1024];
        foreach (var range in text.Split((byte)'\n'))
        {
            var bytes = text[range];
            // Longer ones would be of names that no policy has; they are no reason to fail.
            if (bytes.IsEmpty || bytes[0] == (byte)'#' || bytes.Length > line.Length)
            {
                continue;
            }

            var chars = line[..Encoding.UTF8.GetChars(bytes, line)];
            var end = chars.LastIndexOf(' ');
            if (end < 0 || table.IndexOf(chars[..end]) is not { } index)
            {
                continue;
            }

            if (index >= values.Length)
            {
                Array.Resize(ref values, Math.Max(index + 1, values.Length * 2));
            }

            values[index] = Number(chars[(end + 1)..]);
        }

        // Readings are kept for minutes: no larger than they need be.
        Array.Resize(ref values, table.Count);
        return new MetricsReading(table, values, timestamp);
    }

    /// <summary>A value or a bucket's bound, as Prometheus writes it.</summary>
    public static double Number(ReadOnlySpan<char> text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN,
    };
}

/// <summary>The series that statistics are made of, each with a number that all readings share. Not for several threads at once.</summary>
internal sealed class SeriesTable
{
    private const string OwnPrefix = "cacheproxy_";

    private readonly List<Series> _all = [];
    private readonly Dictionary<string, int> _indexes = [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookUp;

    public SeriesTable() => _lookUp = _indexes.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Count => _all.Count;

    public Series this[int index] => _all[index];

    /// <param name="text">As it stands before the value: <c>name{label="value",…}</c>.</param>
    /// <returns><c>null</c> for one that is not the program's own.</returns>
    public int? IndexOf(ReadOnlySpan<char> text)
    {
        if (_lookUp.TryGetValue(text, out var known))
        {
            return known;
        }

        if (!text.StartsWith(OwnPrefix, StringComparison.Ordinal) || Series.Parse(text) is not { } series)
        {
            return null;
        }

        _all.Add(series);
        _indexes.Add(text.ToString(), _all.Count - 1);
        return _all.Count - 1;
    }
}

/// <summary>One series: a name, and a value for each label.</summary>
/// <param name="Name">Such as <c>cacheproxy_requests_total</c>.</param>
/// <param name="Labels">Names and values, unescaped.</param>
internal sealed record Series(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels)
{
    /// <summary>A label's value; empty when the series has no such label, as in Prometheus.</summary>
    public string this[string label]
    {
        get
        {
            foreach (var (name, value) in Labels)
            {
                if (name == label)
                {
                    return value;
                }
            }

            return "";
        }
    }

    /// <returns><c>null</c> when it is none.</returns>
    public static Series? Parse(ReadOnlySpan<char> text)
    {
        var open = text.IndexOf('{');
        if (open < 0)
        {
            return text.IsEmpty ? null : new Series(text.ToString(), []);
        }

        var labels = new List<KeyValuePair<string, string>>();
        var name = text[..open].ToString();
        var rest = text[(open + 1)..];
        while (!rest.IsEmpty && rest[0] != '}')
        {
            var equals = rest.IndexOf("=\"");
            if (equals <= 0 || !TryReadValue(rest[(equals + 2)..], out var value, out var length))
            {
                return null;
            }

            labels.Add(new(rest[..equals].ToString(), value));
            rest = rest[(equals + 2 + length)..];
            rest = rest is [',', ..] ? rest[1..] : rest;
        }

        return rest is "}" ? new Series(name, labels) : null;
    }

    private static bool TryReadValue(ReadOnlySpan<char> text, out string value, out int length)
    {
        var unescaped = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                (value, length) = (unescaped.ToString(), i + 1);
                return true;
            }

            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                unescaped.Append(text[i] == 'n' ? '\n' : text[i]);
            }
            else
            {
                unescaped.Append(text[i]);
            }
        }

        (value, length) = ("", 0);
        return false;
    }
}
