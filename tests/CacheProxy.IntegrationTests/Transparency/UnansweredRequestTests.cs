using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Serilog.Events;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>What the operator and the client learn when the API does not answer: a log event, a counter, and Proxy-Status (RFC 9209).</summary>
public sealed class UnansweredRequestTests
{
    private const string Cached = "/api/customers/1";
    private const string Uncached = "/api/orders/1";

    [Theory]
    [InlineData("GET", Cached)]
    [InlineData("GET", Uncached)]
    [InlineData("PUT", Cached)]
    [InlineData("POST", Uncached)]
    public async Task Without_an_API_the_answer_is_empty_and_says_connection_refused(string method, string target)
    {
        await using var proxy = await ProxyUnderTest.StartAsync(DeadApi());

        var answer = await proxy.AskRawAsync(target, "X-Tenant-Subdomain: demo\r\nContent-Length: 0\r\n", method);

        Assert.Equal(502, answer.Status);
        Assert.Equal(["cacheproxy; error=connection_refused"], answer.Values("Proxy-Status"));
        Assert.Equal(["0"], answer.Values("Content-Length"));
        Assert.Equal("", answer.Content);
    }

    [Fact]
    public async Task Without_an_API_one_log_event_names_the_destination_and_the_reason()
    {
        var api = DeadApi();
        await using var proxy = await ProxyUnderTest.StartAsync(api);

        for (var i = 0; i < 5; i++)
        {
            await proxy.AskAsync(i % 2 == 0 ? Cached : Uncached);
        }

        var logged = Assert.Single(Warnings(proxy.Log));
        Assert.Contains(api, logged, StringComparison.Ordinal);
        Assert.Contains("connection_refused", logged, StringComparison.Ordinal);
        Assert.Contains(
            """cacheproxy_upstream_failures_total{cluster="customer-api",destination="primary",error="connection_refused"} 5""",
            await proxy.Client.GetStringAsync(new Uri(proxy.Management, "/metrics"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_nothing_listened_for_has_changed_nothing()
    {
        await using var proxy = await ProxyUnderTest.StartAsync(DeadApi());

        await proxy.AskRawAsync(Cached, "X-Tenant-Subdomain: demo\r\nContent-Length: 0\r\n", "PUT");

        var series = await proxy.Client.GetStringAsync(new Uri(proxy.Management, "/metrics"), TestContext.Current.CancellationToken);
        Assert.Contains("""cacheproxy_writes_total{policy="customer",result="unchanged",store="done"} 1""", series, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_evictions_total{policy="customer",store="done"} 0""", series, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_API_that_is_silent_for_too_long_is_a_504_that_says_so()
    {
        var testIsOver = new TaskCompletionSource();
        await using var api = await RawUpstream.StartAsync(_ => testIsOver.Task);
        await using var proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{api.Port}/", [("ReverseProxy:Clusters:customer-api:HttpRequest:ActivityTimeout", "00:00:00.200")]);

        var answer = await proxy.AskRawAsync(Uncached);
        testIsOver.SetResult();

        Assert.Equal(504, answer.Status);
        Assert.Equal(["cacheproxy; error=connection_read_timeout"], answer.Values("Proxy-Status"));
        Assert.Equal("", answer.Content);
    }

    [Theory]
    [InlineData("customer", Cached)]
    [InlineData("everything-else", Uncached)]
    public async Task A_route_whose_timeout_has_passed_is_a_504_that_says_so(string route, string target)
    {
        var testIsOver = new TaskCompletionSource();
        await using var api = await RawUpstream.StartAsync(_ => testIsOver.Task);
        await using var proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{api.Port}/", [($"ReverseProxy:Routes:{route}:Timeout", "00:00:00.200")]);

        var answer = await proxy.AskRawAsync(target);
        testIsOver.SetResult();

        Assert.Equal(504, answer.Status);
        Assert.Equal(["cacheproxy; error=http_response_timeout"], answer.Values("Proxy-Status"));
    }

    [Theory]
    [InlineData("", "connection_terminated")]
    [InlineData("220 mail.example ready\r\n\r\n", "http_protocol_error")]
    public async Task An_API_that_hangs_up_and_one_that_is_not_HTTP_are_told_apart(string said, string error)
    {
        await using var api = await RawUpstream.StartAsync(async exchange =>
        {
            await exchange.WriteAsync(said);
            exchange.Close();
        });
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");

        var answer = await proxy.AskRawAsync(Uncached);

        Assert.Equal(502, answer.Status);
        Assert.Equal([$"cacheproxy; error={error}"], answer.Values("Proxy-Status"));
    }

    [Fact]
    public async Task An_answer_that_a_stored_one_stands_in_for_carries_no_error()
    {
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.Headers.CacheControl = "max-age=0, stale-if-error=60";
            return context.Response.Body.WriteAsync("good"u8.ToArray()).AsTask();
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Cached);
        await api.DisposeAsync();

        using var answer = await proxy.GetAsync(Cached);

        Assert.Equal("good", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.False(answer.Headers.Contains("Proxy-Status"));
        Assert.Contains("connection_refused", Assert.Single(Warnings(proxy.Log)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_that_the_API_answers_itself_is_none_of_ours()
    {
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Empty((await proxy.AskRawAsync(Uncached)).Values("Proxy-Status"));
        Assert.Empty(Warnings(proxy.Log));
    }

    private static string DeadApi() => $"http://127.0.0.1:{TransparencyHost.DeadPort()}/";

    private static IEnumerable<string> Warnings(CapturedLog log) => log.Events
        .Where(static logged => logged.Level == LogEventLevel.Warning
            && logged.Properties.TryGetValue("SourceContext", out var source) && source.ToString().Contains("CacheProxy.", StringComparison.Ordinal))
        .Select(static logged => logged.RenderMessage());
}
