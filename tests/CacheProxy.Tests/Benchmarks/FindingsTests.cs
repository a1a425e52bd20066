using CacheProxy.Bench.Load.Results;
using Xunit;

namespace CacheProxy.Tests.Benchmarks;

public sealed class FindingsTests
{
    private readonly Findings _found = new(new Run
    {
        Date = "2026-01-01",
        Commit = "abc",
        Scale = "quick",
        Machine = new SortedDictionary<string, string> { ["processor"] = "2 × some" },
        Figures =
        [
            Figure("aot-memory", 1, 10),
            Figure("nginx", 1, 20),
            Figure("aot-memory", 2, 30),
            Figure("nginx", 2, 30),
            Figure("aot-memory", 3, 100),
            Figure("nginx", 3, 400),
        ],
    });

    [Fact]
    public void A_median_is_taken_over_the_rounds() => Assert.Equal(30, _found.Median("hit-saturated", "aot-memory", "cpu"));

    [Fact]
    public void A_ratio_is_taken_within_each_round_before_the_median() =>
        Assert.Equal(0.5, _found.Ratio("hit-saturated", "cpu", "aot-memory", "nginx"));

    [Fact]
    public void What_was_not_measured_has_no_figure_and_no_verdict()
    {
        Assert.Null(_found.Median("hit-saturated", "varnish", "cpu"));
        Assert.Null(_found.Ratio("hit-saturated", "cpu", "aot-memory", "varnish"));
        Assert.All(Goal.All, goal => Assert.Null(goal.IsMet(goal.Figure(_found, "jit"))));
    }

    [Fact]
    public void The_table_of_goals_says_which_are_met()
    {
        var table = Tables.Goals(_found);

        Assert.Contains("| Hit from memory / nginx `proxy_cache`, saturated | 1 | 0.50, met | not measured |\n", table);
        Assert.Equal(Goal.All.Count + 2, table.Count(static letter => letter == '\n'));
    }

    [Fact]
    public void A_chart_is_drawn_of_what_was_measured()
    {
        var chart = Chart.All[0].Draw(_found);

        Assert.Contains(">CacheProxy AOT, memory<", chart);
        Assert.DoesNotContain("Varnish", chart);
        Assert.Equal("svg", System.Xml.Linq.XDocument.Parse(chart).Root!.Name.LocalName);
    }

    private static Figure Figure(string peer, int round, double cpu) =>
        new("hit-saturated", peer, round, new Dictionary<string, double> { ["cpu"] = cpu });
}
