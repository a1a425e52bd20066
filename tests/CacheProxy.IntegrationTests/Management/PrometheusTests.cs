using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.Tests.House;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

/// <summary>What a real Prometheus makes of what it scrapes.</summary>
public sealed class PrometheusTests
{
    [Fact]
    public async Task Prometheus_answers_the_hit_ratio_of_a_driven_load()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Telemetry:Tenants", "5")]);
        using var prometheus = ScrapingPrometheus.Start(proxy.Management);
        // It has seen every counter at 0 before the first request.
        await prometheus.AnswersAsync("""sum(cacheproxy_requests_total)""", 0);
        // A reason's series appears with its first request, which no rate counts.
        await ForwardAsync(proxy);
        await prometheus.AnswersAsync("""sum(cacheproxy_requests_total)""", 1);

        for (var i = 0; i < 40; i++)
        {
            (await proxy.GetAsync($"/api/customers/{i % 10}")).Dispose();
        }

        for (var i = 0; i < 10; i++)
        {
            await ForwardAsync(proxy);
        }

        await prometheus.AnswersAsync("""sum(cacheproxy_requests_total)""", 51);
        // 30 hits, 10 fills, 10 forwards; the query is the page's. Rates are extrapolated, for each series in its own way.
        await prometheus.AnswersAsync(DocumentedHitRatio(), 0.6, within: 0.03);
        await prometheus.AnswersAsync("sum(cacheproxy_tenants_requests_total{tenant=\"demo\",outcome=~\"hit|stale|collapsed\"})", 30);
        await prometheus.AnswersAsync("up", 1);
    }

    [Fact]
    public async Task Where_requests_are_traced_Prometheus_keeps_the_trace_of_one_in_each_bucket()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        using var program = ProgramRun.Start(new Dictionary<string, string>(TracedRun.Settings(api, redis: null))
        {
            ["OTEL_TRACES_EXPORTER"] = "otlp",
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });
        using var client = await TracedRun.ClientOfAsync(program);
        using var prometheus = ScrapingPrometheus.Start(TracedRun.ManagementOf(client));

        await TracedRun.AskAsync(client, HttpMethod.Get, "/api/customers/1", ("traceparent", $"00-{TracedRun.Trace}-{TracedRun.Caller}-01"));

        await prometheus.RemembersAsync("cacheproxy_request_duration_seconds_bucket", $"\"trace_id\":\"{TracedRun.Trace}\"");
        // The series that the page adds to the exporter's are read as well.
        await prometheus.AnswersAsync("cacheproxy_tenants_requests_total{tenant=\"demo\",outcome=\"fill\"}", 1);
    }

    private static async Task ForwardAsync(ProxyUnderTest proxy) =>
        (await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Cache-Control", "no-store"))).Dispose();

    /// <summary>The first of docs/operations.md, word for word.</summary>
    private static string DocumentedHitRatio()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var start = page.IndexOf("# Hit ratio by policy", StringComparison.Ordinal);
        return string.Join(' ', page[start..].Split('\n').Skip(1).TakeWhile(static line => line.Length > 0));
    }

    /// <summary>A Prometheus server that scrapes one page twice a second.</summary>
    private sealed class ScrapingPrometheus : IDisposable
    {
        private readonly HttpClient _client;
        private readonly Process _process;
        private readonly DirectoryInfo _directory;

        private ScrapingPrometheus(Process process, DirectoryInfo directory, int port)
        {
            (_process, _directory) = (process, directory);
            _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        }

        public static ScrapingPrometheus Start(Uri scraped)
        {
            var directory = Directory.CreateTempSubdirectory("cacheproxy-prometheus-");
            var configuration = Path.Combine(directory.FullName, "prometheus.yml");
            File.WriteAllText(configuration, $$"""
                global: { scrape_interval: 500ms, scrape_timeout: 500ms }
                scrape_configs:
                  - job_name: cacheproxy
                    static_configs: [ { targets: [ "{{scraped.Authority}}" ] } ]
                """);
            var port = FreePort();
            var start = new ProcessStartInfo(
                "prometheus",
                [
                    $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(directory.FullName, "data")}",
                    string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"), "--log.level=error", "--enable-feature=exemplar-storage",
                ])
            {
                RedirectStandardError = true,
            };
            var process = Process.Start(start)!;
            _ = process.StandardError.ReadToEndAsync();
            return new ScrapingPrometheus(process, directory, port);
        }

        /// <summary>Waits until the first value of the answer is this one.</summary>
        public Task AnswersAsync(string query, double expected, double within = 0.0005) => Eventually.TrueAsync(
            async () => double.TryParse(await QueryAsync(query), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && Math.Abs(value - expected) < within,
            $"{query} did not become {expected}");

        /// <summary>Waits until an exemplar of these series has this text.</summary>
        public Task RemembersAsync(string series, string text) => Eventually.TrueAsync(
            async () => (await GetAsync($"/api/v1/query_exemplars?query={series}&start=0&end=4102444800")).Contains(text, StringComparison.Ordinal),
            $"no exemplar of {series} has {text}");

        public void Dispose()
        {
            _client.Dispose();
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            _directory.Delete(recursive: true);
        }

        /// <summary>The first value of the answer; another text while there is none.</summary>
        private async Task<string> QueryAsync(string query)
        {
            var answer = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
            return (string?)(answer.Length > 0 ? JsonNode.Parse(answer)!["data"]!["result"]!.AsArray().FirstOrDefault()?["value"]?[1] : null) ?? "no result";
        }

        private async Task<string> GetAsync(string target)
        {
            try
            {
                return await _client.GetStringAsync(new Uri(target, UriKind.Relative), TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
                return "";
            }
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
