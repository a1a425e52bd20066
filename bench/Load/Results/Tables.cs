using System.Globalization;
using System.Text;
using CacheProxy.Bench.Load.Peers;

namespace CacheProxy.Bench.Load.Results;

/// <summary>The findings as tables in markdown, a peer a row.</summary>
internal static class Tables
{
    private static readonly (string Title, Column[] Columns)[] All =
    [
        ("CPU per request, in microseconds, of the server and its Redis",
        [
            new("hit, saturated", "hit-saturated", "cpu"),
            new("of it Redis", "hit-saturated", "cpu-redis"),
            new("hit, 2,000/s", "hit-2000", "cpu"),
            new("hit, 500/s", "hit-500", "cpu"),
            new("miss and fill", "miss", "cpu"),
            new("mix, cold", "mix-cold", "cpu"),
            new("mix, warm", "mix-warm", "cpu"),
            new("uncached route", "pass-through", "cpu"),
        ]),
        ("Latency of hits, in milliseconds",
        [
            new("2,000/s p50", "hit-2000", "p50", 0.001),
            new("p99", "hit-2000", "p99", 0.001),
            new("p99.9", "hit-2000", "p99.9", 0.001),
            new("500/s p50", "hit-500", "p50", 0.001),
            new("p99", "hit-500", "p99", 0.001),
            new("p99.9", "hit-500", "p99.9", 0.001),
            new("saturated p99", "hit-saturated", "p99", 0.001),
            new("requests per second, saturated", "hit-saturated", "per-second"),
        ]),
        ("The mix: latency in milliseconds, API requests saved in percent, stale reads",
        [
            new("cold p50", "mix-cold", "p50", 0.001),
            new("p99", "mix-cold", "p99", 0.001),
            new("saved", "mix-cold", "saved"),
            new("perfect", "mix-cold", "saved-perfect"),
            new("warm p50", "mix-warm", "p50", 0.001),
            new("p99", "mix-warm", "p99", 0.001),
            new("p99.9", "mix-warm", "p99.9", 0.001),
            new("saved", "mix-warm", "saved"),
            new("perfect", "mix-warm", "saved-perfect"),
            new("stale, all rounds", "mix-warm", "stale", Sums: true),
        ]),
        ("The mix with two instances behind a balancer: CPU in microseconds, latency in milliseconds, stale reads",
        [
            new("CPU", "mix-two", "cpu"),
            new("of it Redis", "mix-two", "cpu-redis"),
            new("p50", "mix-two", "p50", 0.001),
            new("p99", "mix-two", "p99", 0.001),
            new("p99.9", "mix-two", "p99.9", 0.001),
            new("saved, %", "mix-two", "saved"),
            new("perfect, %", "mix-two", "saved-perfect"),
            new("stale reads, all rounds", "mix-two", "stale", Sums: true),
            new("of reads", "mix-two", "reads", Sums: true),
        ]),
        ("A write while other instances hold what it changes, in milliseconds",
        [
            new("none, p50", "write-held", "p50-0", 0.001),
            new("p99", "write-held", "p99-0", 0.001),
            new("one, p50", "write-held", "p50-1", 0.001),
            new("p99", "write-held", "p99-1", 0.001),
            new("three, p50", "write-held", "p50-3", 0.001),
            new("p99", "write-held", "p99-3", 0.001),
        ]),
        ("Two instances behind a balancer, one write in ten: stale reads",
        [
            new("stale reads", "stale", "stale", Sums: true),
            new("of reads", "stale", "reads", Sums: true),
            new("API requests saved, %", "stale", "saved"),
            new("perfect, %", "stale", "saved-perfect"),
        ]),
        ("CPU per hit, saturated, in microseconds, by size of the body and number of keys",
        [
            new("16 KB", "size-16", "cpu"),
            new("256 KB", "size-256", "cpu"),
            new("1,000 keys", "keys-1000", "cpu"),
            new("10,000", "keys-10000", "cpu"),
            new("100,000", "keys-100000", "cpu"),
            new("1,000,000", "keys-1000000", "cpu"),
            new("no hit among 100,000, %", "keys-100000", "origin", 100),
        ]),
        ("Start in milliseconds; resident memory without Redis, in MB",
        [
            new("start to first answer", "start", "milliseconds"),
            new("idle", "memory", "idle"),
            new("10,000 entries", "memory", "entries"),
            new("under load", "memory", "load"),
            new("idle connections", "memory", "connections"),
            new("after a flood", "memory", "flood"),
        ]),
    ];

    public static string Goals(Findings found)
    {
        var text = new StringBuilder("| goal | at most | AOT | JIT |\n| --- | --- | --- | --- |\n");
        foreach (var goal in Goal.All)
        {
            var limit = goal.Limit is { } most ? $"{Limit(most)} {goal.Unit}".Trim() : "shown";
            text.Append(CultureInfo.InvariantCulture, $"| {goal.Text} | {limit} | {Verdict(goal, found, "aot")} | {Verdict(goal, found, "jit")} |\n");
        }

        return text.ToString();
    }

    public static string Peers(Findings found)
    {
        var text = new StringBuilder();
        foreach (var (title, columns) in All)
        {
            text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n| | {string.Join(" | ", columns.Select(static column => column.Title))} |\n");
            text.Append(CultureInfo.InvariantCulture, $"|{string.Concat(Enumerable.Repeat(" --- |", columns.Length + 1))}\n");
            foreach (var peer in PeerList.All)
            {
                var cells = columns.Select(column => column.Of(found, peer.Name)).ToArray();
                if (cells.Any(static cell => cell is not null))
                {
                    var shown = cells.Select(static cell => cell is { } value ? Number(value) : "");
                    text.Append(CultureInfo.InvariantCulture, $"| {peer.Title} | {string.Join(" | ", shown)} |\n");
                }
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Three digits that count.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 99.95 => value.ToString("#,0", CultureInfo.InvariantCulture),
        _ when value == Math.Floor(value) => value.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };

    private static string Limit(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Verdict(Goal goal, Findings found, string kind)
    {
        var figure = goal.Figure(found, kind);
        return (figure, goal.IsMet(figure)) switch
        {
            (null, _) => "not measured",
            ({ } value, true) => $"{Number(value)}, met",
            ({ } value, false) => $"**{Number(value)}, not met**",
            ({ } value, null) => Number(value),
        };
    }

    private sealed record Column(string Title, string Measure, string Value, double Scale = 1, bool Sums = false)
    {
        public double? Of(Findings found, string peer) =>
            (Sums ? found.Sum(Measure, peer, Value) : found.Median(Measure, peer, Value)) * Scale;
    }
}
