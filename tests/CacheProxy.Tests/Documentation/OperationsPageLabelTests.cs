using System.Text.RegularExpressions;
using CacheProxy.Auditing;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity.Tokens;
using CacheProxy.Intake;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Deployment;
using CacheProxy.Tests.Management;
using CacheProxy.Warming;
using CacheProxy.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>The labels of the metrics, in every combination that the program can make of them, against the page.</summary>
public sealed partial class OperationsPageLabelTests
{
    private static readonly string[] DependencyShortfalls =
    [
        CacheStatusDetails.BodyUnreadable, CacheStatusDetails.DependenciesTooMany, CacheStatusDetails.DependencyDroppable, CacheStatusDetails.DependencyId,
        CacheStatusDetails.DependencyUnavailable, CacheStatusDetails.DependencyWritten, CacheStatusDetails.DependentsFull,
    ];

    [Fact]
    public async Task Every_metric_has_the_labels_of_its_row()
    {
        foreach (var (name, labels) in await SeriesAsync())
        {
            // The only label of a row has lost its marks.
            var cell = Row(name)[2];
            var named = cell.Length > 0 && cell.All(char.IsAsciiLetterLower) ? [cell] : OperationsPage.CodeIn(cell);
            Assert.Equal(named.Order(), labels.Select(static label => label.Name).Order());
        }
    }

    [Fact]
    public async Task Every_value_of_a_label_is_named_in_its_row_or_in_a_table_of_reasons()
    {
        var reasons = ((string[])["detail", "result", "error", "shortfall"]).SelectMany(OperationsPage.Table).Select(static row => row[0]).ToHashSet();
        string[] ofFills = ["miss", "stale", "refresh"];

        foreach (var (name, labels) in await SeriesAsync())
        {
            var named = OperationsPage.CodeIn(Row(name)[3]).Concat(reasons).Concat(ofFills).ToHashSet();
            Assert.All(
                labels.Where(static label => label.Name is not ("policy" or "stream" or "tenant") && label.Value.Length > 0), label => Assert.Contains(label.Value, named));
        }
    }

    private static string[] Row(string series) => Assert.Single(
        OperationsPage.Table("name"), row => row[0] == series || (row[1] == "histogram" && series == row[0] + "_count"));

    private static async Task<(string Name, (string Name, string Value)[] Labels)[]> SeriesAsync()
    {
        using var exposition = new Exposition(new TenantTable(1, TimeProvider.System));
        await using var store = new MemoryStore(TimeProvider.System);
        var pending = new PendingEvictions(TimeProvider.System, NullLogger<PendingEvictions>.Instance);
        var cache = new CacheMetrics(exposition.Meters, new Flights(), new HeldBodies(new MemoryOptions()), TimeProvider.System);
        cache.Begin("p");
        Measure(cache);
        Measure(new FillLimits(exposition.Meters, TimeProvider.System));
        Measure(new WarmMetrics(exposition.Meters));
        new AuditMetrics(exposition.Meters).Begin("p");
        Measure(new WriteMetrics(exposition.Meters, store, pending));
        Measure(new StoreMetrics(exposition.Meter, DurationBuckets.Advice));
        Measure(new UpstreamMetrics(exposition.Meters));
        Measure(new TokenMetrics(exposition.Meters));
        Measure(new IntakeMetrics(exposition.Meters), store);
        var copies = new CopyMetrics(exposition.Meters);
        copies.Begin();
        copies.Observe(new LocalCopies(TimeProvider.System));

        var lines = await exposition.ReadAsync();
        Assert.Equal((0, ""), await Promtool.CheckAsync(lines));
        var series = lines
            .Select(static line => Series().Match(line))
            .Where(static match => match.Success)
            .Select(static match => (
                match.Groups["name"].Value,
                Label().Matches(match.Groups["labels"].Value).Select(static label => (label.Groups["name"].Value, label.Groups["value"].Value)).ToArray()))
            .ToArray();
        Assert.True(series.Length > 60, $"only {series.Length} series");
        return series;
    }

    private static void Measure(CacheMetrics metrics)
    {
        foreach (var stale in (bool[])[false, true])
        {
            metrics.Hit("p", stale, isCopy: !stale);
            metrics.HitServed("p", stale, metrics.Begin());
            metrics.ShadowHit("p", equal: stale);
            metrics.Filling("p", CacheStatusForward.Stale, inBackground: stale);
        }

        metrics.Collapsed("p");
        metrics.CollapsedServed("p", metrics.Begin());
        metrics.Filling("p", CacheStatusForward.UriMiss, inBackground: false);
        metrics.Filled("p", metrics.Begin());
        metrics.ForwardEnded("p", metrics.Begin());
        Each<ForwardReason>(reason => metrics.Forwarded("p", reason));
        Each<BeginFillOutcome>(outcome => metrics.FillRefused("p", outcome));
        Array.ForEach(DependencyShortfalls, word => metrics.Fill("p", word));
        Each<StorageDecision>(decision => metrics.Fill("p", StorageRules.ToToken(decision)));
    }

    private static void Measure(FillLimits limits) => Each<HeldUpResult>(result => limits.Count("p", result));

    private static void Measure(WarmMetrics metrics) => Each<WarmResult>(result => metrics.Count("p", result));

    private static void Measure(WriteMetrics metrics)
    {
        metrics.Refused("p");
        metrics.Unfenced("p");
        Each<WriteResult>(result => Each<StoreOutcome>(outcome => metrics.Ended("p", result, outcome)));
    }

    private static void Measure(UpstreamMetrics metrics) => Each<UpstreamError>(error => metrics.Failed("", "", error));

    private static void Measure(TokenMetrics metrics)
    {
        Each<TokenVerdict>(verdict => metrics.Judged(verdict));
        metrics.Fetched(succeeded: true);
        metrics.Fetched(succeeded: false);
    }

    private static void Measure(IntakeMetrics metrics, MemoryStore store)
    {
        metrics.Watch(new StreamLag("stream", store, TimeProvider.System));
        Each<IntakeResult>(result => metrics.Taken(IntakeMetrics.Http, result));
    }

    private static void Measure(StoreMetrics metrics) => Each<StoreStep>(step =>
    {
        metrics.Took(step, TimeSpan.Zero, answered: true);
        metrics.Took(step, TimeSpan.Zero, answered: false);
    });

    private static void Each<T>(Action<T> act)
        where T : struct, Enum => Array.ForEach(Enum.GetValues<T>(), act);

    // Of a histogram, its count stands for all of it.
    [GeneratedRegex(@"^(?<name>\w+)(?<!_bucket|_sum)\{(?<labels>.*)\} ")]
    private static partial Regex Series();

    [GeneratedRegex("(?<name>\\w+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex Label();
}
