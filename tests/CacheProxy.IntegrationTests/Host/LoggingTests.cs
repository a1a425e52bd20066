using System.Text.Json.Nodes;
using CacheProxy.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

public sealed class LoggingTests
{
    [Theory]
    [InlineData("--Serilog:MinimumLevel:Default=Debug")]
    [InlineData("--Serilog:MinimumLevel:Override:CacheProxy=Debug")]
    public async Task Cache_events_have_exactly_their_text_and_two_properties(string argument)
    {
        await using var host = await RunningHost.StartAsync("http://127.0.0.1:9", null, null, argument);
        var events = host.App.Services.GetRequiredService<CacheEventLog>();

        events.Cached(new CacheEventTexts("customer"), "demo", "123");
        events.Hit(new CacheEventTexts("customer"), "demo", "123");
        events.Invalidated(new CacheEventTexts("customer"), "demo", "123");
        events.Hit(new CacheEventTexts("pet"), null, "7");

        var logged = host.Log.Events.Where(static logged => logged.Level == LogEventLevel.Debug && IsOurs(logged)).ToArray();
        Assert.Equal(
            ["Customer cached", "Customer cache hit", "Customer cache invalidated", "Pet cache hit"],
            logged.Select(static logged => logged.RenderMessage()));
        Assert.Equal(
            ["Customer cached", "Customer cache hit", "Customer cache invalidated", "Pet cache hit"],
            logged.Select(static logged => logged.MessageTemplate.Text));
        Assert.All(logged[..3], static logged => Assert.Equal(
            ["SourceContext", "customerId=\"123\"", "tenantId=\"demo\""], Properties(logged)));
        Assert.Equal(["SourceContext", "petId=\"7\"", "tenantId=null"], Properties(logged[3]));
    }

    [Fact]
    public async Task Configured_properties_are_on_every_event()
    {
        await using var host = await RunningHost.StartAsync("http://127.0.0.1:9", null, null, "--Serilog:Properties:pod=sidecar-7");

        Assert.All(host.Log.Events, static logged => Assert.Equal("\"sidecar-7\"", logged.Properties["pod"].ToString()));
        Assert.NotEmpty(host.Log.Events);
    }

    [Fact]
    public async Task At_the_default_level_a_request_logs_nothing()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var before = host.Log.Events.Count;

        await host.GetAsync("/api/orders");
        await host.GetAsync("/api/customers/1");
        await host.Client.GetStringAsync(new Uri(host.Management, "/livez"), TestContext.Current.CancellationToken);

        Assert.Equal(before, host.Log.Events.Count);
        host.App.Services.GetRequiredService<CacheEventLog>().Hit(new CacheEventTexts("customer"), "demo", "1");
        Assert.Equal(before, host.Log.Events.Count);
    }

    [Fact]
    public async Task Start_and_stop_are_a_line_each()
    {
        var host = await RunningHost.StartAsync("http://127.0.0.1:9");
        var log = host.Log;
        var started = $"listens on \"http://{host.Proxy.Authority}\", management on \"http://{host.Management.Authority}\"";
        await host.App.StopAsync(TestContext.Current.CancellationToken);
        await host.DisposeAsync();

        Assert.Single(log.Messages, message => message.Contains(started, StringComparison.Ordinal));
        Assert.Equal(2, log.Messages.Count());
        Assert.Equal("CacheProxy stopped", log.Messages.Last());
    }

    [Fact]
    public async Task A_line_is_compact_JSON_and_names_its_level_unless_it_is_Information()
    {
        using var program = ProgramRun.Start(new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
            ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
            ["CacheProxy__Redis__ConnectionString"] = "127.0.0.1:9",
            ["Serilog__Properties__pod"] = "sidecar-7",
        });

        var lines = new[] { await program.ReadLineAsync(), await program.ReadLineAsync() }.Select(static line => JsonNode.Parse(line)!.AsObject()).ToArray();

        var started = Assert.Single(lines, static line => (int?)line["EventId"]!["Id"] == 1000);
        var unavailable = Assert.Single(lines, static line => (int?)line["EventId"]!["Id"] == 3001);
        Assert.Equal(
            ["@i", "@m", "@t", "EventId", "Files", "Management", "Policies", "Proxy", "SourceContext", "Store", "Version", "pod"],
            started.Select(static pair => pair.Key).Order(StringComparer.Ordinal));
        Assert.StartsWith("CacheProxy ", (string?)started["@m"], StringComparison.Ordinal);
        Assert.Equal("Warning", (string?)unavailable["@l"]);
    }

    private static bool IsOurs(LogEvent logged) =>
        logged.Properties.TryGetValue("SourceContext", out var source) && source.ToString().Contains(nameof(CacheEventLog));

    private static IEnumerable<string> Properties(LogEvent logged) => logged.Properties
        .Select(static pair => pair.Key == "SourceContext" ? pair.Key : $"{pair.Key}={pair.Value}")
        .Order(StringComparer.Ordinal);
}
