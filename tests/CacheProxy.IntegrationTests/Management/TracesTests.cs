using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

public sealed class TracesTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Caller = "00f067aa0ba902b7";
    private const string Secret = "Bearer s3cret-of-a-caller";

    [Fact]
    public async Task A_request_is_a_span_with_one_below_it_for_the_API_and_for_each_step_on_Redis()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var redis = await RedisServer.StartAsync();
        var asked = new ConcurrentQueue<string>();
        await using var api = await StubApi.StartAsync(context =>
        {
            var headers = context.Request.Headers;
            asked.Enqueue($"{context.Request.Method} {headers.TraceParent} {headers.TraceState} {headers.Baggage}");
            context.Response.Headers.CacheControl = context.Request.Path.Value!.EndsWith("-9", StringComparison.Ordinal)
                ? "max-age=0, stale-while-revalidate=60"
                : "max-age=60";
            context.Response.StatusCode = context.Request.Path.Value!.EndsWith("-8", StringComparison.Ordinal) ? 404 : 200;
            return context.Response.WriteAsync("body");
        });
        using var program = ProgramRun.Start(new Dictionary<string, string>(Settings(api, redis))
        {
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = collector.Address + "in/traces",
            ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
        });
        using var client = await ClientOfAsync(program);
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-4711?secret=yes", ("traceparent", $"00-{Trace}-{Caller}-01"), ("tracestate", "a=1,b=2"), ("baggage", "k=v"));
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-4711?secret=yes");
        await AskAsync(client, HttpMethod.Put, "/api/customers/id-4711");
        // Its caller samples no trace of it; so does nobody.
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-4712", ("traceparent", $"00-{Trace[..31]}7-{Caller}-00"));
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-8");
        // The second is served stale, and what it causes goes on when it has its answer.
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-9");
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-9");
        var page = "";
        await Eventually.TrueAsync(async () =>
            (page = await OpenMetricsOfAsync(client)).Contains("cacheproxy_fills_total{policy=\"customer\",result=\"stored\"} 4", StringComparison.Ordinal));

        await program.TerminateAsync();
        Assert.Equal((0, ""), ((await program.WaitAsync()) is var (exitCode, _, errors) ? (exitCode, errors) : default));
        Assert.All(collector.Targets, static target => Assert.Equal("POST /in/traces", target));
        var spans = collector.Spans;
        var requests = spans.Where(static span => span.Kind == CollectedSpan.Server).OrderBy(static span => span.BeganNs).ToArray();
        Assert.Equal(
            ["GET customer fill miss 200", "GET customer hit 200", "PUT customer write changed 200", "GET customer fill miss 404", "GET customer fill miss 200", "GET customer stale 200"],
            requests.Select(Decided));
        Assert.All(requests, static request => Assert.Equal(
            ($"{request.Attributes["http.request.method"]} /api/customers/{{id}}", "/api/customers/{id}", "http", "1.1", 0UL),
            (request.Name, request.Attributes["http.route"], request.Attributes["url.scheme"], request.Attributes["network.protocol.version"], request.Status)));

        // The caller's trace goes on here and at the API.
        Assert.Equal((Trace, Caller), (requests[0].Trace, requests[0].Parent));
        Assert.Equal(["GET", "begin-fill", "complete-fill", "look-up"], Below(requests[0], spans));
        Assert.Equal(["look-up"], Below(requests[1], spans));
        // The list, which is off, is evicted without a fence.
        Assert.Equal(["PUT", "begin-write", "end-write", "end-write"], Below(requests[2], spans));
        Assert.Equal(["GET", "begin-fill", "complete-fill", "look-up"], Below(requests[5], spans));
        var upstream = spans.Where(static span => span.Kind == CollectedSpan.Client && span.Attributes.ContainsKey("server.port")).OrderBy(static span => span.BeganNs).ToArray();
        Assert.Equal(
            [
                $"GET 00-{Trace}-{upstream[0].Id}-01 a=1,b=2 k=v",
                $"PUT 00-{upstream[1].Trace}-{upstream[1].Id}-01  ",
            ],
            asked.Take(2));
        Assert.StartsWith($"GET 00-{Trace[..31]}7-", asked.ElementAt(2), StringComparison.Ordinal);
        Assert.EndsWith("-00  ", asked.ElementAt(2), StringComparison.Ordinal);
        Assert.Equal(
            ("127.0.0.1", new Uri(api.Address).Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "customer-api", "primary", "200", 0UL),
            (upstream[0].Attributes["server.address"], upstream[0].Attributes["server.port"], upstream[0].Attributes["cacheproxy.cluster"],
                upstream[0].Attributes["cacheproxy.destination"], upstream[0].Attributes["http.response.status_code"], upstream[0].Status));
        Assert.Equal(("404", CollectedSpan.Error), (upstream[2].Attributes["error.type"], upstream[2].Status));
        Assert.All(spans, span => Assert.True(span.BeganNs <= span.EndedNs));
        Assert.All(
            spans.Where(static span => span.Name.Contains('-', StringComparison.Ordinal)),
            static step => Assert.Equal(("redis", step.Name), (step.Attributes["db.system.name"], step.Attributes["db.operation.name"])));

        // Nothing of what a client asked about, and nothing that it showed.
        Assert.All(["id-", "demo", "s3cret", "secret", "4712"], (string text) => Assert.DoesNotContain(text, collector.Text, StringComparison.Ordinal));
        Assert.Matches($"cacheproxy_request_duration_seconds_bucket{{outcome=\"hit\",policy=\"customer\",le=\"[^\"]+\"}} 1 # {{trace_id=\"{requests[1].Trace}\"", page);
        Assert.EndsWith("# EOF\n", page, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_tenants_requests_total{tenant=\"demo\",outcome=\"hit\"} 1\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sampler_that_takes_none_leaves_nothing_to_send_and_the_API_still_learns_the_trace()
    {
        await using var collector = await TraceCollector.StartAsync();
        var asked = new ConcurrentQueue<string>();
        await using var api = await StubApi.StartAsync(context =>
        {
            asked.Enqueue(context.Request.Headers.TraceParent.ToString());
            return context.Response.WriteAsync("body");
        });
        using var program = ProgramRun.Start(new Dictionary<string, string>(Settings(api, redis: null))
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRICS_EXPORTER"] = "none",
            ["OTEL_TRACES_EXPORTER"] = "otlp",
            ["OTEL_TRACES_SAMPLER"] = "always_off",
        });
        using var client = await ClientOfAsync(program);
        await AskAsync(client, HttpMethod.Get, "/api/customers/1", ("traceparent", $"00-{Trace}-{Caller}-01"));
        await AskAsync(client, HttpMethod.Get, "/api/customers/2", ("traceparent", "not one"));
        await program.TerminateAsync();
        Assert.Equal(0, (await program.WaitAsync()).ExitCode);

        Assert.Empty(collector.Targets);
        Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-00$", asked.First());
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", asked.Last());
    }

    private static IEnumerable<KeyValuePair<string, string>> Settings(StubApi api, RedisServer? redis) =>
    [
        new("Kestrel__Endpoints__Proxy__Url", "http://127.0.0.1:0"),
        new("Kestrel__Endpoints__Management__Url", "http://127.0.0.1:0"),
        new("ReverseProxy__Clusters__customer-api__Destinations__primary__Address", api.Address),
        new("CacheProxy__Redis__ConnectionString", redis?.ConnectionString ?? ""),
        new("CacheProxy__Telemetry__Tenants", "10"),
    ];

    private static async Task<HttpClient> ClientOfAsync(ProgramRun program)
    {
        var started = JsonNode.Parse(await StartLineAsync(program))!;
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { BaseAddress = new Uri((string)started["Proxy"]!) };
        client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
        client.DefaultRequestHeaders.Add("X-Management", (string)started["Management"]!);
        return client;
    }

    // Redis may be there before it says that it serves.
    private static async Task<string> StartLineAsync(ProgramRun program)
    {
        while (true)
        {
            var line = await program.ReadLineAsync();
            if (line.Contains("\"Proxy\"", StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    private static async Task AskAsync(HttpClient client, HttpMethod method, string target, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, target);
        request.Headers.TryAddWithoutValidation("X-Api-Key", Secret);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        (await client.SendAsync(request, TestContext.Current.CancellationToken)).Dispose();
    }

    private static async Task<string> OpenMetricsOfAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(client.DefaultRequestHeaders.GetValues("X-Management").Single()), "/metrics"));
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static string Decided(CollectedSpan request) => string.Join(
        ' ',
        ((string[])["http.request.method", "cacheproxy.policy", "cacheproxy.outcome", "cacheproxy.detail", "http.response.status_code"])
            .Where(request.Attributes.ContainsKey).Select(name => request.Attributes[name]));

    private static IEnumerable<string> Below(CollectedSpan parent, IEnumerable<CollectedSpan> spans) =>
        spans.Where(span => span.Parent == parent.Id && span.Trace == parent.Trace).Select(static span => span.Name).Order(StringComparer.Ordinal);
}
