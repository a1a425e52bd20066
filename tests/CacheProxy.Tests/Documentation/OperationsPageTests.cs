using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using CacheProxy.Configuration;
using CacheProxy.Filling;
using CacheProxy.Hosting;
using CacheProxy.Http;
using CacheProxy.Management;
using CacheProxy.Proxy;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Deployment;
using CacheProxy.Tests.Management;
using CacheProxy.Tests.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed partial class OperationsPageTests
{
    [Fact]
    public void Every_log_event_is_on_the_page_as_the_program_writes_it_and_no_other()
    {
        var declared = LogEvents.OfTheProgram
            .Select(static logged => $"{logged.EventId} {logged.Level} {logged.Message.Replace("\n", "\\n", StringComparison.Ordinal)}")
            .Order(StringComparer.Ordinal);

        Assert.Equal(declared, OperationsPage.Table("id").Select(static row => $"{row[0]} {row[1]} {row[2]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_metric_is_on_the_page_with_its_name_and_type_and_no_other()
    {
        var exposed = (await ExpositionAsync())
            .Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(static line => line["# TYPE ".Length..]);

        Assert.Equal(exposed.Order(StringComparer.Ordinal), Metrics().Select(static row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal));
    }

    // An instrument that is not said to have them has room for the program's own series only.
    [Fact]
    public void Metrics_whose_labels_name_what_is_configured_have_room_for_all_of_it()
    {
        string[] configured = ["policy", "cluster", "stream"];
        var open = Metrics().Where(row => OperationsPage.CodeIn("`" + row[2] + "`").Intersect(configured).Any()).Select(static row => row[0]);

        Assert.Equal(
            open.Select(static series => OfUnits().Replace(series, "")).Order(StringComparer.Ordinal),
            MetricsSetup.OpenEnded.Select(static name => name.Replace('.', '_')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say_of_any_metric() => Assert.Equal((0, ""), await Promtool.CheckAsync(await ExpositionAsync()));

    [Fact]
    public void Every_metric_has_a_meaning_and_something_to_do() =>
        Assert.All(Metrics(), static row => Assert.All(row[3..], static cell => Assert.NotEmpty(cell)));

    [Fact]
    public void Every_query_and_alert_is_about_metrics_that_exist()
    {
        var names = Metrics().SelectMany(static row => row[1] == "histogram" ? [row[0], row[0] + "_bucket"] : (string[])[row[0]]).ToHashSet();

        Assert.All(MetricName().Matches(OperationsPage.Text), match => Assert.Contains(match.Value, names));
    }

    [Fact]
    public async Task Every_alert_finds_its_series_before_anything_has_happened()
    {
        var alerts = OperationsPage.Table("alert").SelectMany(static row => Selector().Matches(row[1])).ToArray();
        await using var app = await StartedMeasuringAsync();

        var lines = await Exposition.ReadAsync(MetricsPage.Create(app.Services));

        Assert.True(alerts.Length > 3, "no selectors found");
        Assert.All(alerts, selector => Assert.Contains(lines, line =>
            line.StartsWith(selector.Groups["name"].Value + "{", StringComparison.Ordinal)
            && selector.Groups["labels"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries)
                .All(label => line.Contains(label, StringComparison.Ordinal))));
    }

    [Fact]
    public void Every_reason_to_forward_is_on_the_page_and_no_other() => Assert.Equal(
        Enum.GetValues<ForwardReason>().Select(ForwardReasons.ToToken).Order(),
        OperationsPage.Table("detail").Select(static row => row[0]).Order());

    [Fact]
    public void Every_reason_not_to_store_is_on_the_page_and_no_other() => Assert.Equal(
        Enum.GetValues<StorageDecision>().Except([StorageDecision.Storable]).Select(StorageRules.ToToken).Order(),
        OperationsPage.Table("result").Select(static row => row[0]).Order());

    [Fact]
    public void Every_reason_why_the_API_does_not_answer_is_on_the_page_and_no_other() => Assert.Equal(
        Enum.GetValues<UpstreamError>().Select(UpstreamErrors.ToToken).Order(),
        OperationsPage.Table("error").Select(static row => row[0]).Order());

    [Fact]
    public void The_cache_events_are_the_programs()
    {
        var texts = new CacheEventTexts("customer");

        Assert.Equal(
            [(texts.Hit, texts.IdName), (texts.Cached, texts.IdName), (texts.Invalidated, texts.IdName)],
            OperationsPage.Table("message").Select(static row => (row[0], OperationsPage.CodeIn(row[1])[1])));
    }

    [Fact]
    public void The_ports_are_the_programs() => Assert.Equal(
        [
            (ListenerSettings.UrlKey(ListenerSettings.Proxy), ListenerSettings.DefaultProxyUrl),
            (ListenerSettings.UrlKey(ListenerSettings.Management), ListenerSettings.DefaultManagementUrl),
        ],
        OperationsPage.Table("port").Select(static row => (row[0], row[1])));

    [Fact]
    public void The_probes_are_the_programs() =>
        Assert.Equal([Probes.LivePath, Probes.ReadyPath], OperationsPage.Table("path").Select(static row => row[0]));

    private static string[][] Metrics() => OperationsPage.Table("name");

    /// <summary>
    /// What the whole program shows once everything that it can measure has been measured, with the store that has most to show; nothing
    /// listens, and no Redis is there.
    /// </summary>
    private static async Task<string[]> ExpositionAsync()
    {
        await using var app = await StartedMeasuringAsync();
        var meters = app.Services.GetRequiredService<IMeterFactory>();
        using var instruments = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == CacheProxyMeter.Name)
                {
                    Measure(instrument);
                }
            },
        };
        instruments.Start();
        return await Exposition.ReadAsync(MetricsPage.Create(app.Services));
    }

    /// <summary>The whole program with the parts of its start with which measuring begins.</summary>
    private static async Task<WebApplication> StartedMeasuringAsync()
    {
        var app = CacheProxyHost.Build(
            ["--CacheProxy:Redis:ConnectionString=127.0.0.1:1", "--CacheProxy:Telemetry:Tenants=1", "--CacheProxy:Policies:customer:Audit=0.1"]);
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        await app.Services.GetServices<IHostedService>().OfType<MetricSeries>().Single().StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static void Measure(Instrument instrument)
    {
        switch (instrument)
        {
            case Counter<long> counter:
                counter.Add(1);
                break;
            case Histogram<double> histogram:
                histogram.Record(1);
                break;
            default:
                Assert.True(instrument.IsObservable, $"{instrument.Name} is of a kind that this test cannot measure");
                break;
        }
    }

    [GeneratedRegex("(_seconds)?(_total)?$")]
    private static partial Regex OfUnits();

    [GeneratedRegex(@"(?<name>cacheproxy_\w+)(\{(?<labels>[^}]*)\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\bcacheproxy_\w+")]
    private static partial Regex MetricName();
}
