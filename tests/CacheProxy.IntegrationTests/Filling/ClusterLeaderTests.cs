using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>With <c>Coalesce: Cluster</c> a replica waits for another's fill, but never takes over its fate.</summary>
public sealed class ClusterLeaderTests
{
    private const string Path = "/api/customers/1";

    private static readonly (string, string?)[] Cluster =
    [
        ("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Policies:customer:Coalesce", "Cluster"),
    ];

    [Fact]
    public async Task A_leader_that_gets_what_may_not_be_stored_holds_up_no_other_replica_with_its_body()
    {
        var over = new TaskCompletionSource();
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsync("head");
            await context.Response.Body.FlushAsync();
            await over.Task;
        });
        await using var server = await RedisServer.StartAsync();
        await using var one = await ProxyUnderTest.StartAsync(api.Address, Cluster, server.ConnectionString);

        using var first = await HeadersAsync(one);

        // The lease is given back although the body has not ended, and so the next replica asks the API at once.
        await Eventually.TrueAsync(async () => await server.NumberAsync("EXISTS", "demo:customer:1") == 0);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, Cluster, server.ConnectionString);
        using var second = await HeadersAsync(other);
        Assert.Equal(2, api.Count("GET " + Path));
        over.SetResult();
    }

    [Fact]
    public async Task A_leader_that_died_is_waited_for_once_and_then_the_resource_is_cached_again()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("x"));
        await using var server = await RedisServer.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Cluster, server.ConnectionString);
        var dead = new FillLease(Guid.NewGuid().ToString("N"), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: true);
        Assert.Equal(
            BeginFillOutcome.Granted,
            await proxy.Store.BeginFillAsync(new ResourceKey("demo:customer:1"), dead, new StoreTimeoutBudget(TimeSpan.FromSeconds(10))));

        using var first = await proxy.GetAsync(Path);
        using var second = await proxy.GetAsync(Path);

        Assert.Contains("; stored", Assert.Single(first.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.Contains("; hit", Assert.Single(second.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.Equal(1, api.Count("GET " + Path));
    }

    [Fact]
    public async Task A_leader_whose_client_leaves_is_replaced_by_who_waits_in_another_replica()
    {
        var arrived = new TaskCompletionSource();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            if (Interlocked.Increment(ref count) == 1)
            {
                arrived.SetResult();
                await Task.WhenAny(Task.Delay(Timeout.Infinite, context.RequestAborted));
            }

            await context.Response.WriteAsync("x");
        });
        await using var server = await RedisServer.StartAsync();
        await using var one = await ProxyUnderTest.StartAsync(api.Address, Cluster, server.ConnectionString);
        await using var other = await ProxyUnderTest.StartAsync(api.Address, Cluster, server.ConnectionString);
        await using (var client = await RawHttpConnection.OpenAsync(one.Address.Port))
        {
            await client.WriteAsync($"GET {Path} HTTP/1.1\r\nHost: 127.0.0.1:{other.Address.Port}\r\nX-Tenant-Subdomain: demo\r\n\r\n");
            await arrived.Task;
            client.Reset();
        }

        using var answer = await other.GetAsync(Path);
        Assert.Equal("x", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var next = await other.GetAsync(Path);
        Assert.Contains("; hit", Assert.Single(next.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.Equal(2, api.Count("GET " + Path));
    }

    private static Task<HttpResponseMessage> HeadersAsync(ProxyUnderTest proxy) =>
        proxy.Client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
}
