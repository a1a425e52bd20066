using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

public sealed class TracesTests(TracedRun run) : IClassFixture<TracedRun>
{
    [Fact]
    public void Every_request_that_is_sampled_is_a_span_that_says_what_became_of_it()
    {
        Assert.Equal(
            [
                "GET customer fill miss 200", "GET customer hit 200", "PUT customer write changed 200", "GET customer fill miss 404",
                "GET customer fill miss 200", "GET customer stale 200",
            ],
            run.Requests.Select(Decided));
        Assert.All(run.Requests, static request => Assert.Equal(
            ($"{request.Attributes["http.request.method"]} /api/customers/{{id}}", "/api/customers/{id}", "http", "1.1", 0UL),
            (request.Name, request.Attributes["http.route"], request.Attributes["url.scheme"], request.Attributes["network.protocol.version"], request.Status)));
        Assert.All(run.Spans, static span => Assert.True(span.BeganNs <= span.EndedNs));
    }

    [Fact]
    public void Below_it_is_one_for_each_request_that_the_API_is_asked_and_one_for_each_step_on_Redis()
    {
        Assert.Equal(["GET", "begin-fill", "complete-fill", "look-up"], Below(run.Requests[0]));
        Assert.Equal(["look-up"], Below(run.Requests[1]));
        // The list, which is off, is evicted without a fence.
        Assert.Equal(["PUT", "begin-write", "end-write", "end-write"], Below(run.Requests[2]));
        // The refresh belongs to the request that caused it.
        Assert.Equal(["GET", "begin-fill", "complete-fill", "look-up"], Below(run.Requests[5]));
        Assert.All(
            run.Spans.Where(static span => span.Name.Contains('-', StringComparison.Ordinal)),
            static step => Assert.Equal(("redis", step.Name), (step.Attributes["db.system.name"], step.Attributes["db.operation.name"])));
    }

    [Fact]
    public void The_callers_trace_goes_on_at_the_API_as_the_caller_samples_it()
    {
        Assert.Equal((TracedRun.Trace, TracedRun.Caller), (run.Requests[0].Trace, run.Requests[0].Parent));
        Assert.Equal(
            [$"GET 00-{TracedRun.Trace}-{run.Upstream[0].Id}-01 a=1,b=2 k=v", $"PUT 00-{run.Requests[2].Trace}-{run.Upstream[1].Id}-01  "],
            run.Asked.Take(2));
        Assert.Matches($"^GET 00-{TracedRun.UnsampledTrace}-[0-9a-f]{{16}}-00  $", run.Asked[2]);
        Assert.DoesNotContain(run.Spans, static span => span.Trace == TracedRun.UnsampledTrace);
    }

    [Fact]
    public void The_span_of_a_request_to_the_API_says_where_it_went_and_what_came_back()
    {
        var api = run.ApiAddress;

        Assert.Equal(
            (api.Host, $"{api.Port}", "customer-api", "primary", "200", 0UL),
            (run.Upstream[0].Attributes["server.address"], run.Upstream[0].Attributes["server.port"], run.Upstream[0].Attributes["cacheproxy.cluster"],
                run.Upstream[0].Attributes["cacheproxy.destination"], run.Upstream[0].Attributes["http.response.status_code"], run.Upstream[0].Status));
        Assert.Equal(("404", CollectedSpan.Error), (run.Upstream[2].Attributes["error.type"], run.Upstream[2].Status));
    }

    [Fact]
    public void No_span_tells_what_a_client_asked_about_or_showed()
    {
        Assert.NotEmpty(run.Sent);
        Assert.All(["id-", "demo", "s3cret", "secret", "4712"], (string text) => Assert.DoesNotContain(text, run.Sent, StringComparison.Ordinal));
    }

    [Fact]
    public void They_go_to_the_address_of_traces_alone() => Assert.All(run.Targets, static target => Assert.Equal("POST /in/traces", target));

    [Fact]
    public void The_page_has_an_example_of_a_trace_for_who_asks_for_OpenMetrics()
    {
        Assert.Matches(
            $"cacheproxy_request_duration_seconds_bucket{{outcome=\"hit\",policy=\"customer\",le=\"[^\"]+\"}} 1 # {{trace_id=\"{run.Requests[1].Trace}\"",
            run.Page);
        Assert.EndsWith("# EOF\n", run.Page, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_tenants_requests_total{tenant=\"demo\",outcome=\"hit\"} 1\n", run.Page, StringComparison.Ordinal);
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
        using var program = ProgramRun.Start(new Dictionary<string, string>(TracedRun.Settings(api, redis: null))
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRICS_EXPORTER"] = "none",
            ["OTEL_TRACES_EXPORTER"] = "otlp",
            ["OTEL_TRACES_SAMPLER"] = "always_off",
        });
        using var client = await TracedRun.ClientOfAsync(program);
        await TracedRun.AskAsync(client, HttpMethod.Get, "/api/customers/1", ("traceparent", $"00-{TracedRun.Trace}-{TracedRun.Caller}-01"));
        await TracedRun.AskAsync(client, HttpMethod.Get, "/api/customers/2", ("traceparent", "not one"));
        await program.TerminateAsync();
        Assert.Equal(0, (await program.WaitAsync()).ExitCode);

        Assert.Empty(collector.Targets);
        Assert.Matches($"^00-{TracedRun.Trace}-[0-9a-f]{{16}}-00$", asked.First());
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", asked.Last());
    }

    private static string Decided(CollectedSpan request) => string.Join(
        ' ',
        ((string[])["http.request.method", "cacheproxy.policy", "cacheproxy.outcome", "cacheproxy.detail", "http.response.status_code"])
            .Where(request.Attributes.ContainsKey).Select(name => request.Attributes[name]));

    private IEnumerable<string> Below(CollectedSpan parent) =>
        run.Spans.Where(span => span.Parent == parent.Id && span.Trace == parent.Trace).Select(static span => span.Name).Order(StringComparer.Ordinal);
}

/// <summary>The program, traced by a caller who samples what names no trace of its own, and what it sent.</summary>
public sealed class TracedRun : IAsyncLifetime
{
    internal const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    internal const string UnsampledTrace = "4bf92f3577b34da6a3ce929d0e0e4737";
    internal const string Caller = "00f067aa0ba902b7";

    private const string Secret = "Bearer s3cret-of-a-caller";

    private readonly ConcurrentQueue<string> _asked = new();

    internal Uri ApiAddress { get; private set; } = null!;

    internal IReadOnlyList<CollectedSpan> Spans { get; private set; } = [];

    /// <summary>All that the collector got, as it is; texts in protocol buffers can be read in it.</summary>
    internal string Sent { get; private set; } = "";

    internal IReadOnlyList<string> Targets { get; private set; } = [];

    internal string Page { get; private set; } = "";

    /// <summary>Method, traceparent, tracestate and baggage of what reached the API.</summary>
    internal IReadOnlyList<string> Asked => [.. _asked];

    internal CollectedSpan[] Requests => [.. Spans.Where(static span => span.Kind == CollectedSpan.Server).OrderBy(static span => span.BeganNs)];

    internal CollectedSpan[] Upstream => [.. Spans.Where(static span => span.Attributes.ContainsKey("server.port")).OrderBy(static span => span.BeganNs)];

    public async ValueTask InitializeAsync()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(AnswerAsync);
        ApiAddress = new Uri(api.Address);
        using var program = ProgramRun.Start(new Dictionary<string, string>(Settings(api, redis))
        {
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = collector.Address + "in/traces",
            ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
        });
        using var client = await ClientOfAsync(program);
        await AskAllAsync(client);
        // The refresh goes on when its client has the answer.
        await Eventually.TrueAsync(async () =>
            (Page = await OpenMetricsOfAsync(client)).Contains("cacheproxy_fills_total{policy=\"customer\",result=\"stored\"} 4", StringComparison.Ordinal));
        await program.TerminateAsync();
        var (exitCode, _, errors) = await program.WaitAsync();
        Assert.Equal((0, ""), (exitCode, errors));
        (Spans, Sent, Targets) = (collector.Spans, collector.Text, [.. collector.Targets]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task AnswerAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var path = context.Request.Path.Value!;
        _asked.Enqueue($"{context.Request.Method} {headers.TraceParent} {headers.TraceState} {headers.Baggage}");
        context.Response.Headers.CacheControl = path.EndsWith("-9", StringComparison.Ordinal) ? "max-age=0, stale-while-revalidate=60" : "max-age=60";
        context.Response.StatusCode = path.EndsWith("-8", StringComparison.Ordinal) ? 404 : 200;
        return context.Response.WriteAsync("body");
    }

    private static async Task AskAllAsync(HttpClient client)
    {
        await AskAsync(
            client, HttpMethod.Get, "/api/customers/id-4711?secret=yes", ("traceparent", $"00-{Trace}-{Caller}-01"), ("tracestate", "a=1,b=2"), ("baggage", "k=v"));
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-4711?secret=yes");
        await AskAsync(client, HttpMethod.Put, "/api/customers/id-4711");
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-4712", ("traceparent", $"00-{UnsampledTrace}-{Caller}-00"));
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-8");
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-9");
        await AskAsync(client, HttpMethod.Get, "/api/customers/id-9");
    }

    internal static IEnumerable<KeyValuePair<string, string>> Settings(StubApi api, RedisServer? redis) =>
    [
        new("Kestrel__Endpoints__Proxy__Url", "http://127.0.0.1:0"),
        new("Kestrel__Endpoints__Management__Url", "http://127.0.0.1:0"),
        new("ReverseProxy__Clusters__customer-api__Destinations__primary__Address", api.Address),
        new("CacheProxy__Redis__ConnectionString", redis?.ConnectionString ?? ""),
        new("CacheProxy__Telemetry__Tenants", "10"),
    ];

    internal static async Task<HttpClient> ClientOfAsync(ProgramRun program)
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

    internal static Uri ManagementOf(HttpClient client) => new(client.DefaultRequestHeaders.GetValues("X-Management").Single());

    internal static async Task AskAsync(HttpClient client, HttpMethod method, string target, params (string Name, string Value)[] headers)
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
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(ManagementOf(client), "/metrics"));
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
