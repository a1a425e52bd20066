using System.Diagnostics;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

public sealed class MetricsTests
{
    [Fact]
    public async Task The_management_listener_shows_what_happened_to_requests_and_writes()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.SendAsync(HttpMethod.Put, "/api/customers/1")).Dispose();
        (await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Cache-Control", "no-store"))).Dispose();

        var text = await MetricsOfAsync(proxy);

        Assert.Contains("""cacheproxy_requests_total{detail="miss",outcome="fill",policy="customer"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_requests_total{detail="",outcome="hit",policy="customer"} 1""", text, StringComparison.Ordinal);
        Assert.Contains(
            """cacheproxy_requests_total{detail="request-no-store",outcome="forward",policy="customer"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_fills_total{policy="customer",result="stored"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_writes_total{policy="customer",result="changed",store="done"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_evictions_total{policy="customer",store="done"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_evictions_pending{} 0", text, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_store_available{} 1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_not_happened_yet_is_at_0_for_each_policy_and_destination()
    {
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}")]);

        var lines = (await MetricsOfAsync(proxy)).Split('\n');

        foreach (var policy in (string[])["customer", "pet"])
        {
            Assert.Contains($$"""cacheproxy_requests_total{detail="",outcome="hit",policy="{{policy}}"} 0""", lines);
            Assert.Contains($$"""cacheproxy_requests_total{detail="miss",outcome="fill",policy="{{policy}}"} 0""", lines);
            Assert.Contains($$"""cacheproxy_fills_total{policy="{{policy}}",result="stored"} 0""", lines);
            Assert.Contains($$"""cacheproxy_fills_refused_total{policy="{{policy}}",reason="write-under-way"} 0""", lines);
            Assert.Contains($$"""cacheproxy_writes_total{policy="{{policy}}",result="refused",store="unavailable"} 0""", lines);
            Assert.Contains($$"""cacheproxy_evictions_total{policy="{{policy}}",store="pending"} 0""", lines);
            Assert.Contains($$"""cacheproxy_shadow_hits_total{equal="false",policy="{{policy}}"} 0""", lines);
        }

        Assert.Contains(
            """cacheproxy_upstream_failures_total{cluster="customer-api",destination="primary",error="connection_refused"} 0""", lines);
    }

    [Fact]
    public async Task A_policy_that_a_reload_brings_is_at_0_too()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var json = RunningHost.Shipped(api.Address);
        json["CacheProxy"]!["Policies"]!["pet"] = new JsonObject { ["Key"] = "{tenant}:pet:{id}" };

        host.Write(json);
        await host.Log.WaitForAsync("Configuration reloaded");

        await Eventually.TrueAsync(async () =>
            (await host.Client.GetStringAsync(new Uri(host.Management, "/metrics"), TestContext.Current.CancellationToken))
            .Contains("""cacheproxy_evictions_total{policy="pet",store="pending"} 0""", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_version_that_runs_is_a_label()
    {
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var version = typeof(CacheMiddleware).Assembly.GetName().Version!.ToString(3);
        Assert.Contains($$"""cacheproxy_build_info{version="{{version}}"} 1""", (await MetricsOfAsync(proxy)).Split('\n'));
    }

    [Fact]
    public async Task Hits_fills_and_forwards_are_timed_apart()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.SendAsync(HttpMethod.Get, "/api/customers/1", ("Cache-Control", "no-store"))).Dispose();

        // A duration is known after the client has its answer.
        await ShowsAsync(proxy, """cacheproxy_request_duration_seconds_count{outcome="fill",policy="customer"} 1""");
        await ShowsAsync(proxy, """cacheproxy_request_duration_seconds_count{outcome="hit",policy="customer"} 2""");
        await ShowsAsync(proxy, """cacheproxy_request_duration_seconds_count{outcome="forward",policy="customer"} 1""");
    }

    [Fact]
    public async Task A_refresh_in_the_background_is_no_request_of_a_client()
    {
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.Headers.CacheControl = "max-age=0, stale-while-revalidate=60";
            return context.Response.WriteAsync("body");
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.GetAsync("/api/customers/1")).Dispose();

        await ShowsAsync(proxy, """cacheproxy_requests_total{detail="",outcome="stale",policy="customer"} 1""");
        await ShowsAsync(proxy, """cacheproxy_requests_total{detail="refresh",outcome="fill",policy="customer"} 1""");
        await ShowsAsync(proxy, """cacheproxy_request_duration_seconds_count{outcome="fill",policy="customer"} 1""");
    }

    [Fact]
    public async Task A_refresh_that_may_not_begin_asks_the_API_for_nobody()
    {
        const string Key = "demo:customer:1";
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.Headers.CacheControl = "max-age=0, stale-while-revalidate=60";
            return context.Response.WriteAsync("body");
        });
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:Coalesce", "Cluster")], redis.ConnectionString);
        (await proxy.GetAsync("/api/customers/1")).Dispose();

        // Another replica's fill, which goes on until it is taken away.
        await redis.SendAsync("HSET", Key, "fill:another", "9999999999999");
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        await ShowsAsync(proxy, """cacheproxy_fills_refused_total{policy="customer",reason="fill-under-way"} 1""");
        await redis.SendAsync("HDEL", Key, "fill:another");
        await Eventually.TrueAsync(async () =>
        {
            // The refresh that was refused may still be on its way out; one at a time is all there is.
            (await proxy.GetAsync("/api/customers/1")).Dispose();
            return api.Requests.Count > 1;
        });

        Assert.Empty(Happened(await MetricsOfAsync(proxy), "outcome=\"forward\""));
    }

    [Fact]
    public async Task Every_step_that_Redis_answered_is_timed()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, redis: redis.ConnectionString);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.SendAsync(HttpMethod.Put, "/api/customers/1")).Dispose();

        foreach (var step in (string[])["look-up", "begin-fill", "complete-fill", "begin-write", "end-write"])
        {
            await ShowsAsync(proxy, $$"""cacheproxy_store_duration_seconds_count{outcome="answered",step="{{step}}"} 1""");
        }
    }

    [Fact]
    public async Task A_write_that_a_strict_policy_refuses_is_counted_and_so_is_the_breaker()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:WriteConsistency", "Strict")], redis.ConnectionString);
        await redis.KillAsync();

        using var refused = await proxy.SendAsync(HttpMethod.Put, "/api/customers/1");

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await ShowsAsync(proxy, """cacheproxy_writes_total{policy="customer",result="refused",store="unavailable"} 1""");
        await ShowsAsync(proxy, "cacheproxy_store_available{} 0");
    }

    [Fact]
    public async Task Several_hosts_in_one_process_each_show_their_own_figures()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var busy = await ProxyUnderTest.StartAsync(api.Address);
        await using var idle = await ProxyUnderTest.StartAsync(api.Address);
        (await busy.GetAsync("/api/customers/1")).Dispose();

        Assert.NotEmpty(Happened(await MetricsOfAsync(busy), "outcome=\"fill\""));
        Assert.Empty(Happened(await MetricsOfAsync(idle), "outcome=\"fill\""));
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, redis: redis.ConnectionString);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        (await proxy.SendAsync(HttpMethod.Put, "/api/customers/1")).Dispose();
        await ShowsAsync(proxy, """cacheproxy_request_duration_seconds_count{outcome="hit",policy="customer"} 1""");

        Assert.Equal((0, "", ""), await PromtoolAsync(await MetricsOfAsync(proxy)));
        // It says something when there is something.
        Assert.NotEqual(0, (await PromtoolAsync("# TYPE a counter\na 1\na 1\n")).ExitCode);
    }

    private static IEnumerable<string> Happened(string metrics, string label) => metrics.Split('\n')
        .Where(line => line.Contains(label, StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal));

    private static Task ShowsAsync(ProxyUnderTest proxy, string line) =>
        Eventually.TrueAsync(async () => (await MetricsOfAsync(proxy)).Split('\n').Contains(line));

    private static Task<string> MetricsOfAsync(ProxyUnderTest proxy) =>
        proxy.Client.GetStringAsync(new Uri(proxy.Management, "/metrics"), TestContext.Current.CancellationToken);

    private static async Task<(int ExitCode, string Output, string Errors)> PromtoolAsync(string exposition)
    {
        var start = new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!;
        await promtool.StandardInput.WriteAsync(exposition);
        promtool.StandardInput.Close();
        var output = promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (promtool.ExitCode, await output, await errors);
    }
}
