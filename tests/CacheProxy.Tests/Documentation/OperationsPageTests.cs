using System.Text.RegularExpressions;
using CacheProxy.Configuration;
using CacheProxy.Filling;
using CacheProxy.Hosting;
using CacheProxy.Http;
using CacheProxy.Management;
using CacheProxy.Telemetry;
using CacheProxy.Tests.House;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed partial class OperationsPageTests
{
    [Fact]
    public void Every_log_event_is_on_the_page_as_the_program_writes_it_and_no_other()
    {
        var declared = Repository.Files(Repository.Sources, "*.cs")
            .SelectMany(static file => LogEvent().Matches(File.ReadAllText(file)))
            .Select(static match => $"{match.Groups["id"].Value} {match.Groups["level"].Value} {match.Groups["text"].Value}")
            .Order(StringComparer.Ordinal);

        Assert.Equal(declared, OperationsPage.Table("id").Select(static row => $"{row[0]} {row[1]} {row[2]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_metric_is_on_the_page_with_its_name_and_type_and_no_other()
    {
        var exposed = (await ExpositionAsync()).Split('\n')
            .Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(static line => line["# TYPE ".Length..]);

        Assert.Equal(exposed, Metrics().Select(static row => $"{row[0]} {row[1]}").Order(StringComparer.Ordinal));
    }

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
    public void Every_reason_to_forward_is_on_the_page_and_no_other() => Assert.Equal(
        Enum.GetValues<ForwardReason>().Select(ForwardReasonWords.Word).Order(),
        OperationsPage.Table("detail").Select(static row => row[0]).Order());

    [Fact]
    public void Every_reason_not_to_store_is_on_the_page_and_no_other() => Assert.Equal(
        Enum.GetValues<StorageDecision>().Except([StorageDecision.Storable]).Select(StorageRules.ToToken).Order(),
        OperationsPage.Table("result").Select(static row => row[0]).Order());

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

    /// <summary>What the whole program shows, with the store that has most to show; nothing is started, and no Redis is there.</summary>
    private static async Task<string> ExpositionAsync()
    {
        await using var app = CacheProxyHost.Build(["--CacheProxy:Redis:ConnectionString=127.0.0.1:1"]);
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await app.Services.GetRequiredService<PrometheusText>().AnswerAsync(context);
        return System.Text.Encoding.UTF8.GetString(body.ToArray());
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?<id>\d+),\s*LogLevel\.(?<level>\w+),\s*""(?<text>(?:[^""\\]|\\.)*)""")]
    private static partial Regex LogEvent();

    [GeneratedRegex(@"\bcacheproxy_\w+")]
    private static partial Regex MetricName();
}
