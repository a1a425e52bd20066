using System.Globalization;
using System.Net;
using System.Text;
using CacheProxy.Bench.Load.Peers;

namespace CacheProxy.Bench.Load.Results;

/// <summary>Horizontal bars in SVG: for each peer a bar a series, with its figure beside it.</summary>
internal sealed record Chart(string File, string Title, string Unit, ChartSeries[] Series)
{
    private const int Label = 340;
    private const int Plot = 400;
    private const int Bar = 12;

    public static IReadOnlyList<Chart> All { get; } =
    [
        new("cpu-hit.svg", "CPU per hit", "µs", [new("saturated", "hit-saturated", "cpu"), new("at 2,000/s", "hit-2000", "cpu")]),
        new("cpu-miss-mix.svg", "CPU per request: misses, and the mix with writes", "µs", [new("miss and fill", "miss", "cpu"), new("mix, warm", "mix-warm", "cpu"), new("mix, two instances", "mix-two", "cpu")]),
        new("latency.svg", "99th percentile", "ms", [new("hits at 2,000/s", "hit-2000", "p99", 0.001), new("mix, first seconds of a process", "mix-cold", "p99", 0.001)]),
        new("keys.svg", "CPU per hit by number of keys", "µs", [new("1,000", "keys-1000", "cpu"), new("10,000", "keys-10000", "cpu"), new("100,000", "keys-100000", "cpu"), new("1,000,000", "keys-1000000", "cpu")]),
        new("memory.svg", "Resident memory", "MB", [new("idle", "memory", "idle"), new("10,000 entries", "memory", "entries"), new("idle connections", "memory", "connections")]),
        new("start.svg", "Start to the first answer", "ms", [new("start", "start", "milliseconds")]),
    ];

    public string Draw(Findings found)
    {
        var rows = PeerList.All
            .Select(peer => (peer.Title, Values: Series.Select(series => series.Of(found, peer.Name)).ToArray()))
            .Where(static row => Array.Exists(row.Values, static value => value is not null))
            .ToArray();
        var most = rows.SelectMany(static row => row.Values).Max() ?? 1;
        var row = (Series.Length * (Bar + 2)) + 8;
        var height = 64 + (rows.Length * row);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Label + Plot + 80} {height}" font-family="sans-serif" font-size="12">
            <style>text {'{'} fill: #24292f {'}'} .s0 {'{'} fill: #0b6e99 {'}'} .s1 {'{'} fill: #d98c2b {'}'} .s2 {'{'} fill: #6b8e3d {'}'} .s3 {'{'} fill: #8e5a9e {'}'}
            @media (prefers-color-scheme: dark) {'{'} text {'{'} fill: #d0d7de {'}'} {'}'}</style>
            <text x="8" y="20" font-size="15" font-weight="bold">{WebUtility.HtmlEncode(Title)}, {Unit}</text>

            """);
        for (var i = 0; i < Series.Length; i++)
        {
            var x = Label + (i * (Plot + 80) / Series.Length);
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"s{i}\" x=\"{x}\" y=\"34\" width=\"{Bar}\" height=\"{Bar}\"/><text x=\"{x + 18}\" y=\"44\">{Series[i].Title}</text>\n");
        }

        for (var i = 0; i < rows.Length; i++)
        {
            Draw(svg, rows[i].Title, rows[i].Values, 60 + (i * row), most);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Draw(StringBuilder svg, string title, double?[] values, int y, double most)
    {
        var middle = y + (values.Length * (Bar + 2) / 2) + 4;
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Label - 8}\" y=\"{middle}\" text-anchor=\"end\">{WebUtility.HtmlEncode(title.Replace("`", "", StringComparison.Ordinal))}</text>\n");
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value)
            {
                var top = y + (i * (Bar + 2));
                var width = Math.Max(1, value / most * Plot);
                svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"s{i}\" x=\"{Label}\" y=\"{top}\" width=\"{width:0.#}\" height=\"{Bar}\"/><text x=\"{Label + width + 5:0.#}\" y=\"{top + 10}\" font-size=\"11\">{Tables.Number(value)}</text>\n");
            }
        }
    }
}

/// <summary>One value of one measure, for all peers.</summary>
internal sealed record ChartSeries(string Title, string Measure, string Value, double Scale = 1)
{
    public double? Of(Findings found, string peer) => found.Median(Measure, peer, Value) * Scale;
}
