using CacheProxy.IntegrationTests.Harness;
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

        Assert.Contains("""cacheproxy_requests_total{policy="customer",outcome="fill",detail="miss"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_requests_total{policy="customer",outcome="hit",detail=""} 1""", text, StringComparison.Ordinal);
        Assert.Contains(
            """cacheproxy_requests_total{policy="customer",outcome="forward",detail="request-no-store"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_fills_total{policy="customer",result="stored"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""cacheproxy_writes_total{policy="customer",result="changed",store="done"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_evictions_pending 0", text, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_store_available 1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_hosts_in_one_process_each_show_their_own_figures()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var busy = await ProxyUnderTest.StartAsync(api.Address);
        await using var idle = await ProxyUnderTest.StartAsync(api.Address);
        (await busy.GetAsync("/api/customers/1")).Dispose();

        Assert.Contains("outcome=\"fill\"", await MetricsOfAsync(busy), StringComparison.Ordinal);
        Assert.DoesNotContain("outcome=\"fill\"", await MetricsOfAsync(idle), StringComparison.Ordinal);
    }

    private static Task<string> MetricsOfAsync(ProxyUnderTest proxy) =>
        proxy.Client.GetStringAsync(new Uri(proxy.Management, "/metrics"), TestContext.Current.CancellationToken);
}
