using System.Globalization;
using System.Text;
using CacheProxy.Bench.Load.Peers;

namespace CacheProxy.Bench.Load.Results;

/// <summary>Writes and prints results.md, and writes docs/benchmarks.md with its charts, from a run.</summary>
internal static class Page
{
    public static void WriteResults(Run run, string folder)
    {
        var found = new Findings(run);
        var text = $"# Results\n\n{Head(run)}\n## Goals\n\n{Tables.Goals(found)}\n## Peers\n\n{Tables.Peers(found).TrimEnd()}\n";
        File.WriteAllText(Path.Combine(folder, "results.md"), text);
        Console.WriteLine(text);
    }

    /// <param name="run">The run to show.</param>
    /// <param name="root">The repository, with bench/page.md for the text and docs for the result.</param>
    public static void WriteDocs(Run run, string root)
    {
        var found = new Findings(run);
        var text = File.ReadAllText(Path.Combine(root, "bench", "page.md"))
            .Replace("@RUN@", Head(run).TrimEnd(), StringComparison.Ordinal)
            .Replace("@GOALS@", Tables.Goals(found).TrimEnd(), StringComparison.Ordinal)
            .Replace("@TABLES@", Tables.Peers(found).TrimEnd(), StringComparison.Ordinal)
            .Replace("@CHARTS@", string.Join("\n\n", Chart.All.Select(static chart => $"![{chart.Title}](benchmarks/{chart.File})")), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(root, "docs", "benchmarks.md"), text);
        var charts = Directory.CreateDirectory(Path.Combine(root, "docs", "benchmarks")).FullName;
        foreach (var chart in Chart.All)
        {
            File.WriteAllText(Path.Combine(charts, chart.File), chart.Draw(found));
        }
    }

    private static string Head(Run run)
    {
        var text = new StringBuilder();
        var rounds = run.Figures.Where(static figure => figure.Measure != "start").Select(static figure => figure.Round).DefaultIfEmpty(1).Max();
        text.Append(
            CultureInfo.InvariantCulture, $"A {run.Scale} run of {run.Date} in {rounds} rounds, commit `{run.Commit}`, on {run.Machine["processor"]}.\n");
        text.Append(CultureInfo.InvariantCulture, $"{string.Join(", ", run.Machine.Where(static pair => pair.Key != "processor").Select(static pair => $"{pair.Key} {pair.Value}"))}.\n");
        var found = new Findings(run);
        var absent = PeerList.All.Where(peer => !found.Has(peer.Name)).ToArray();
        if (absent.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"Not in this run: {string.Join("; ", absent.Select(static peer => peer.Title))}.\n");
        }

        if (!run.Machine.ContainsKey("AOT binary"))
        {
            text.Append("There was no AOT binary.\n");
        }

        if (run.Failures.Count > 0)
        {
            text.Append("\n**What failed, and has no figure:**\n\n");
            foreach (var failure in run.Failures)
            {
                text.Append(CultureInfo.InvariantCulture, $"- {failure}\n");
            }
        }

        return text.ToString();
    }
}
