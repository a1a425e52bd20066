namespace CacheProxy.Bench.Load.Results;

/// <summary>What a run says: medians over its rounds, and ratios of two peers, taken within each round before the median.</summary>
internal sealed class Findings
{
    private readonly Dictionary<(string Measure, string Peer), List<Figure>> _figures = [];

    public Findings(Run run)
    {
        Run = run;
        foreach (var figure in run.Figures)
        {
            if (!_figures.TryGetValue((figure.Measure, figure.Peer), out var rounds))
            {
                _figures[(figure.Measure, figure.Peer)] = rounds = [];
            }

            rounds.Add(figure);
        }
    }

    public Run Run { get; }

    public bool Has(string peer) => _figures.Keys.Any(key => key.Peer == peer);

    public double? Median(string measure, string peer, string value) => Middle(
        Of(measure, peer).Where(figure => figure.Values.ContainsKey(value)).Select(figure => figure.Values[value]));

    /// <summary>Of all rounds together.</summary>
    public double? Sum(string measure, string peer, string value)
    {
        var values = Of(measure, peer).Where(figure => figure.Values.ContainsKey(value)).Select(figure => figure.Values[value]).ToArray();
        return values.Length == 0 ? null : values.Sum();
    }

    /// <summary>The machine's speed differs from one minute to the next; within a round both met nearly the same.</summary>
    public double? Ratio(string measure, string value, string peer, string other) => Middle(
        from figure in Of(measure, peer)
        join beside in Of(measure, other) on figure.Round equals beside.Round
        select figure.Values[value] / beside.Values[value]);

    private static double? Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private List<Figure> Of(string measure, string peer) => _figures.GetValueOrDefault((measure, peer), []);
}
