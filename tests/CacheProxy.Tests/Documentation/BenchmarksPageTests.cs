using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Results;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed class BenchmarksPageTests
{
    private static readonly string Text = File.ReadAllText(MarkdownPage.Named("docs/benchmarks.md").Path);

    [Fact]
    public void The_page_names_every_peer() => AssertShown(PeerList.All.Select(static peer => peer.Title));

    [Fact]
    public void The_page_has_a_row_for_every_goal_and_no_other() => Assert.Equal(
        Goal.All.Select(static goal => goal.Text),
        Text.Split("| goal |")[1].Split("\n\n")[0].Split('\n').Skip(2).Select(static row => row.Split(" | ")[0].TrimStart('|', ' ')));

    [Fact]
    public void The_page_shows_every_chart_and_each_is_there()
    {
        AssertShown(Chart.All.Select(static chart => $"(benchmarks/{chart.File})"));
        Assert.All(Chart.All, static chart => Assert.True(File.Exists(Path.Combine(Repository.Root, "docs", "benchmarks", chart.File)), chart.File));
    }

    [Fact]
    public void The_text_of_the_page_is_the_one_that_the_benchmark_fills_in()
    {
        var template = File.ReadAllText(Path.Combine(Repository.Root, "bench", "page.md"));

        AssertShown(template.Split("@RUN@", StringSplitOptions.None)
            .SelectMany(static part => part.Split("@GOALS@"))
            .SelectMany(static part => part.Split("@CHARTS@"))
            .SelectMany(static part => part.Split("@TABLES@")));
    }

    [Fact]
    public void Every_peer_has_a_name_of_its_own_and_the_files_that_it_reads()
    {
        Assert.Equal(PeerList.All.Count, PeerList.All.Select(static peer => peer.Name).Distinct().Count());
        Assert.All(
            PeerList.All.SelectMany(static peer => peer.Files),
            static file => Assert.True(File.Exists(Path.Combine(Repository.Root, "bench", "Peers", file)), file));
    }

    private static void AssertShown(IEnumerable<string> expected) =>
        Assert.Equal([], expected.Where(static part => !Text.Contains(part, StringComparison.Ordinal)));
}
