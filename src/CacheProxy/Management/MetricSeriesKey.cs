using System.Globalization;

namespace CacheProxy.Management;

/// <summary>The tag values of a series, in the order in which its instrument gives them; at most three. Made per measurement, so a struct.</summary>
internal readonly record struct MetricSeriesKey(string? First, string? Second, string? Third)
{
    public const int MaxTags = 3;

    public static MetricSeriesKey Of(ReadOnlySpan<KeyValuePair<string, object?>> tags) => new(
        tags.Length > 0 ? Text(tags[0].Value) : null,
        tags.Length > 1 ? Text(tags[1].Value) : null,
        tags.Length > 2 ? Text(tags[2].Value) : null);

    private static string? Text(object? value) => value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture);
}
