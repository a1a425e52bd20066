using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.IntegrationTests.Transparency;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

public sealed class OtlpExportTests
{
    [Fact]
    public async Task The_metrics_go_to_the_collector_that_the_environment_names_at_the_latest_when_the_program_stops()
    {
        var received = new ConcurrentQueue<string>();
        await using var collector = await StubApi.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            // Protocol buffers hold texts as they are.
            received.Enqueue($"{context.Request.Path} {Encoding.Latin1.GetString(body.ToArray())}");
        });
        var traced = new ConcurrentQueue<bool>();
        await using var api = await StubApi.StartAsync(context =>
        {
            traced.Enqueue(context.Request.Headers.ContainsKey("traceparent"));
            return context.Response.WriteAsync("body");
        });
        using var program = ProgramRun.Start(new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
            ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
            ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api.Address,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "k8s.pod.name=sidecar-7",
        });
        await GetCustomerAsync(program);

        await program.TerminateAsync();
        var (exitCode, _, errors) = await program.WaitAsync();

        Assert.Equal((0, ""), (exitCode, errors));
        var sent = received.Last();
        Assert.StartsWith("/v1/metrics ", sent, StringComparison.Ordinal);
        Assert.All(
            ["cacheproxy", "sidecar-7", "cacheproxy.requests", "cacheproxy.fills", "cacheproxy.request.duration", "cacheproxy.store.available", "stored"],
            (string text) => Assert.Contains(text, sent, StringComparison.Ordinal));
        // Measuring is no tracing.
        Assert.Equal([false], traced);
    }

    [Fact]
    public async Task Without_a_protocol_in_the_environment_they_go_by_gRPC()
    {
        var received = new ConcurrentQueue<string>();
        await using var collector = await Http2Api.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue($"{context.Request.Protocol} {context.Request.Path} {Encoding.Latin1.GetString(body.ToArray())}");
            context.Response.ContentType = "application/grpc";
            await context.Response.StartAsync();
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        using var program = ProgramRun.Start(new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
            ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
            ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api.Address,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{collector.Port}",
        });
        await GetCustomerAsync(program);

        await program.TerminateAsync();
        Assert.Equal(0, (await program.WaitAsync()).ExitCode);
        var sent = received.Last();
        Assert.StartsWith("HTTP/2 /opentelemetry.proto.collector.metrics.v1.MetricsService/Export ", sent, StringComparison.Ordinal);
        Assert.Contains("cacheproxy.requests", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_none_stops_the_start()
    {
        using var program = ProgramRun.Start(new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317" });

        var (exitCode, _, errors) = await program.WaitAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT = \"collector:4317\"", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_OpenTelemetry_is_switched_off_nothing_is_sent_and_the_page_stays()
    {
        await using var collector = await StubApi.StartAsync();
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        using var program = ProgramRun.Start(new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
            ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
            ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api.Address,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SDK_DISABLED"] = "true",
        });
        var management = await GetCustomerAsync(program);

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Contains(
            "outcome=\"fill\"",
            await client.GetStringAsync(new Uri(management, "/metrics"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        await program.TerminateAsync();
        Assert.Equal(0, (await program.WaitAsync()).ExitCode);
        Assert.Empty(collector.Requests);
    }

    /// <returns>The address of the management listener.</returns>
    private static async Task<Uri> GetCustomerAsync(ProgramRun program)
    {
        var started = JsonNode.Parse(await program.ReadLineAsync())!;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
        await client.GetStringAsync(
            new Uri(new Uri((string)started["Proxy"]!), "/api/customers/1"), TestContext.Current.CancellationToken);
        return new Uri((string)started["Management"]!);
    }
}
