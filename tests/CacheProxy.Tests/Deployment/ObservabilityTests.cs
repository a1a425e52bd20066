using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CacheProxy.Tests.Documentation;
using CacheProxy.Tests.House;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.Deployment;

/// <summary>What is shown and told of a running sidecar is what the program measures and what the page says.</summary>
public sealed partial class ObservabilityTests
{
    // What Prometheus itself adds to every series, and to a histogram's.
    private static readonly string[] LabelsOfEverything = ["namespace", "job", "instance", "le"];

    private static readonly JsonNode Dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Promtool.Directory, "dashboard.json")))!;

    [Fact]
    public void The_alerts_are_the_rows_of_the_page()
    {
        var rows = OperationsPage.Table("alert").Select(static row => $"{NameOf(row[0])}: {row[1].Replace("`", "", StringComparison.Ordinal)}");

        Assert.Equal(rows, Alerts().Select(static rule => $"{Text(rule, "alert")}: {Text(rule, "expr")}{DurationOf(rule)}"));
    }

    [Fact]
    public void Every_alert_says_how_bad_it_is_and_what_it_means() => Assert.All(Alerts(), static rule =>
    {
        Assert.True(Text(rule, "labels", "severity") is "critical" or "warning");
        Assert.NotNull(Text(rule, "annotations", "summary"));
        Assert.NotNull(Text(rule, "annotations", "description"));
    });

    [Fact]
    public void The_operators_rules_are_the_same() => Assert.Equal(
        Yaml.Outline(Yaml.At(Load("rules.yaml"), "groups")!), Yaml.Outline(Yaml.At(Load("prometheus-rule.yaml"), "spec", "groups")!));

    [Fact]
    public async Task One_command_brings_the_rules_and_the_dashboard()
    {
        var (exitCode, output) = await Promtool.RunOtherAsync("kubectl", "kustomize", ".");
        Assert.True(exitCode == 0, output);
        var manifests = Yaml.Read(output);

        Assert.Equal(["ConfigMap", "PrometheusRule"], manifests.Select(static one => Text(one, "kind")).Order());
        var dashboard = manifests.Single(static one => Text(one, "metadata", "name") == "cacheproxy-dashboard");
        Assert.Equal("1", Text(dashboard, "metadata", "labels", "grafana_dashboard"));
        Assert.True(JsonNode.DeepEquals(Dashboard, JsonNode.Parse(Text(dashboard, "data", "dashboard.json")!)));
    }

    [Fact]
    public async Task Promtool_accepts_the_rules_and_their_tests()
    {
        Assert.Equal(0, (await Promtool.RunAsync("check", "rules", "rules.yaml")).ExitCode);
        var (exitCode, output) = await Promtool.RunAsync("test", "rules", "rules-test.yaml", "rules-week-test.yaml");
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Every_alert_is_tried_when_it_fires_and_when_it_does_not()
    {
        var tried = ((string[])["rules-test.yaml", "rules-week-test.yaml"])
            .SelectMany(static file => Yaml.List(Load(file), "tests"))
            .SelectMany(static test => Yaml.List(test, "alert_rule_test"))
            .Select(static test => $"{Text(test, "alertname")} {(Yaml.List(test, "exp_alerts").Length > 0 ? "fires" : "does not fire")}")
            .ToHashSet();

        Assert.Equal(
            Alerts().SelectMany(static rule => new[] { $"{Text(rule, "alert")} fires", $"{Text(rule, "alert")} does not fire" }).Order(StringComparer.Ordinal),
            tried.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_query_is_about_metrics_labels_and_words_that_exist()
    {
        var queries = Queries().Concat(Rules().Select(static rule => Text(rule, "expr")!)).ToArray();

        Assert.True(queries.Length > 30, $"{queries.Length} queries");
        Assert.All(queries, static query =>
        {
            var rows = MetricName().Matches(query).Select(static match => RowOf(match.Value)).ToArray();
            var labels = LabelsOfEverything.Concat(rows.SelectMany(LabelsOf)).ToHashSet();
            Assert.All(LabelsIn(query), label => Assert.Contains(label, labels));
            Assert.All(WordsIn(query), word => Assert.Contains(rows, row => Mentions(row, word)));
        });
    }

    [Fact]
    public async Task Every_query_can_be_read()
    {
        var file = Path.Combine(Path.GetTempPath(), $"cacheproxy-queries-{Environment.ProcessId}.yaml");
        var rules = Queries().Concat(VariableQueries()).Concat(DocumentedQueries())
            .Select(static (query, number) => string.Create(CultureInfo.InvariantCulture, $"  - record: query:{number}\n    expr: {JsonValue.Create(query)!.ToJsonString()}\n"));
        await File.WriteAllTextAsync(file, $"groups:\n- name: queries\n  rules:\n{string.Concat(rules)}", TestContext.Current.CancellationToken);
        try
        {
            var (exitCode, output) = await Promtool.RunAsync("check", "rules", file);
            Assert.True(exitCode == 0, output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Every_panel_has_a_number_of_its_own_and_is_on_the_grid()
    {
        var panels = Dashboard["panels"]!.AsArray();

        Assert.Equal(panels.Count, panels.Select(static panel => (int)panel!["id"]!).Distinct().Count());
        Assert.All(panels, static panel => Assert.InRange((int)panel!["gridPos"]!["x"]! + (int)panel["gridPos"]!["w"]!, 1, 24));
        Assert.Equal(panels.Count, panels.Select(static panel => $"{panel!["gridPos"]!["x"]} {panel["gridPos"]!["y"]}").Distinct().Count());
    }

    private static YamlNode Load(string file) => Assert.Single(Yaml.Read(File.ReadAllText(Path.Combine(Promtool.Directory, file))));

    private static IEnumerable<YamlNode> Rules() => Yaml.List(Load("rules.yaml"), "groups").SelectMany(static group => Yaml.List(group, "rules"));

    private static IEnumerable<YamlNode> Alerts() => Rules().Where(static rule => Text(rule, "alert") is not null);

    private static string? Text(YamlNode node, params ReadOnlySpan<string> path) => Yaml.Text(node, path);

    // "hit ratio fell" is CacheProxyHitRatioFell.
    private static string NameOf(string alert) =>
        "CacheProxy" + string.Concat(alert.Split(' ').Select(static word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string DurationOf(YamlNode rule) => Text(rule, "for") is { } duration ? $" for {duration.TrimEnd('m')} minutes" : "";

    private static IEnumerable<string> Queries() => Dashboard["panels"]!.AsArray()
        .SelectMany(static panel => panel!["targets"]?.AsArray() ?? [])
        .Select(static target => Filled((string)target!["expr"]!));

    // label_values(SELECTOR, LABEL)
    private static IEnumerable<string> VariableQueries() => Dashboard["templating"]!["list"]!.AsArray()
        .Where(static variable => (string?)variable!["type"] == "query")
        .Select(static variable => Filled((string)variable!["definition"]!))
        .Select(static text => text["label_values(".Length..text.LastIndexOf(',')]);

    private static IEnumerable<string> DocumentedQueries() => ((string[])["operations.md", "observability.md"])
        .Select(static page => File.ReadAllText(Path.Combine(Repository.Root, "docs", page)))
        .SelectMany(static text => Example().Matches(text))
        .SelectMany(static match => match.Groups["queries"].Value.Split('\n').Where(static line => !line.StartsWith('#')).Aggregate(
            new List<string> { "" },
            static (queries, line) =>
            {
                // A line that begins with a space goes on with the query before it.
                if (line.StartsWith(' '))
                {
                    queries[^1] += line;
                }
                else
                {
                    queries.Add(line);
                }

                return queries;
            }))
        .Where(static query => query.Length > 0);

    // What Grafana puts in place of its variables.
    private static string Filled(string query) => query
        .Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$__range", "6h", StringComparison.Ordinal)
        .Replace("$job", ".*", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal).Replace("$policy", ".*", StringComparison.Ordinal);

    private static string[] RowOf(string metric) => Assert.Single(
        OperationsPage.Table("name"), row => row[0] == metric || (row[1] == "histogram" && metric is var name && (name == row[0] + "_bucket" || name == row[0] + "_count")));

    private static string[] LabelsOf(string[] row) => row[2].Contains('`', StringComparison.Ordinal) ? OperationsPage.CodeIn(row[2]) : [row[2]];

    private static IEnumerable<string> LabelsIn(string query) =>
        Grouping().Matches(query).SelectMany(static match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries))
            .Concat(Matcher().Matches(query).Select(static match => match.Groups["label"].Value));

    private static IEnumerable<string> WordsIn(string query) => Matcher().Matches(query)
        .SelectMany(static match => match.Groups["value"].Value.Split('|'))
        .Where(static word => word != ".*");

    // A word of a metric stands in its row, or in the text below the table.
    private static bool Mentions(string[] row, string word) =>
        OperationsPage.CodeIn(row[3]).Contains(word, StringComparer.Ordinal) || OperationsPage.Text.Contains($"`detail` is `miss`, `stale` (an entry was there, but had to be fetched or validated again) or `{word}`", StringComparison.Ordinal);

    [GeneratedRegex(@"\bcacheproxy_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex("(?<label>\\w+)(?:=|!=|=~|!~)\"(?<value>[^\"]*)\"")]
    private static partial Regex Matcher();

    [GeneratedRegex("```promql\\n(?<queries>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
