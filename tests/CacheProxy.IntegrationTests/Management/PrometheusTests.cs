using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
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

        for (var i = 0; i < 40; i++)
        {
            (await proxy.GetAsync($"/api/customers/{i % 10}")).Dispose();
        }

        for (var i = 0; i < 10; i++)
        {
            (await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Cache-Control", "no-store"))).Dispose();
        }

        await prometheus.AnswersAsync("""sum(cacheproxy_requests_total)""", 50);
        // 30 hits, 10 fills, 10 forwards; the query is the page's.
        await prometheus.AnswersAsync(DocumentedHitRatio(), 0.75, seen: "outcome=\"forward\" begins at 10");
        await prometheus.AnswersAsync("sum(cacheproxy_tenants_requests_total{tenant=\"demo\",outcome=~\"hit|stale|collapsed\"})", 30);
        await prometheus.AnswersAsync("up", 1);
    }

    /// <summary>The first of docs/operations.md, word for word.</summary>
    private static string DocumentedHitRatio()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "operations.md"));
        var start = page.IndexOf("# Hit ratio by policy", StringComparison.Ordinal);
        return string.Join(' ', page[start..].Split('\n').Skip(1).TakeWhile(static line => line.Length > 0));
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "CacheProxy.sln")))
        {
            directory = directory.Parent!;
        }

        return directory.FullName;
    }

    /// <summary>A Prometheus server that scrapes one page ten times a second.</summary>
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
                global: { scrape_interval: 100ms, scrape_timeout: 100ms }
                scrape_configs:
                  - job_name: cacheproxy
                    static_configs: [ { targets: [ "{{scraped.Authority}}" ] } ]
                """);
            var port = FreePort();
            var start = new ProcessStartInfo(
                "prometheus",
                [
                    $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(directory.FullName, "data")}",
                    string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"), "--log.level=error",
                ])
            {
                RedirectStandardError = true,
            };
            var process = Process.Start(start)!;
            _ = process.StandardError.ReadToEndAsync();
            return new ScrapingPrometheus(process, directory, port);
        }

        public Task AnswersAsync(string query, double expected, string seen = "")
        {
            var last = "nothing";
            return Eventually.TrueAsync(
                async () =>
                {
                    last = await QueryAsync(query);
                    return double.TryParse(last, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value - expected) < 0.0005;
                },
                $"{query} did not become {expected} {seen}");
        }

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
            try
            {
                var answer = JsonNode.Parse(await _client.GetStringAsync(
                    new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), TestContext.Current.CancellationToken))!;
                return (string?)answer["data"]!["result"]!.AsArray().FirstOrDefault()?["value"]?[1] ?? "no result";
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
                return "no answer";
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
