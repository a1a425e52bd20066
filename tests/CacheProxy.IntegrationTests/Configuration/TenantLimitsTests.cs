using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Configuration;

/// <summary>What <c>CacheProxy:Tenants</c> changes for one tenant and not for another.</summary>
public sealed class TenantLimitsTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Fact]
    public async Task Tenants_are_switched_on_one_by_one_and_one_is_only_compared()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("x"));
        await using var proxy = await stores.StartAsync(
            StoreKind.Memory, api.Address,
            ("CacheProxy:Tenants:*:Mode", "Off"), ("CacheProxy:Tenants:demo:Mode", "On"), ("CacheProxy:Tenants:acme:Mode", "Shadow"));

        Assert.EndsWith("; stored", (await AskAsync(proxy, "demo", 1)).CacheStatus, StringComparison.Ordinal);
        Assert.True((await AskAsync(proxy, "DEMO", 1)).IsHit);

        await AskAsync(proxy, "acme", 1);
        Assert.Contains("detail=shadow", (await AskAsync(proxy, "acme", 1)).CacheStatus, StringComparison.Ordinal);

        Assert.Contains("fwd=bypass; fwd-status=200; detail=tenant-off", (await AskAsync(proxy, "other", 1)).CacheStatus, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenants_mode_never_allows_what_the_policy_does_not()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("x"));
        await using var proxy = await stores.StartAsync(
            StoreKind.Memory, api.Address, ("CacheProxy:Policies:customer:Mode", "Off"), ("CacheProxy:Tenants:demo:Mode", "On"));

        Assert.Contains("detail=policy-off", (await AskAsync(proxy, "demo", 1)).CacheStatus, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKind.Memory, "MaxEntries", "3")]
    [InlineData(StoreKind.Redis, "MaxEntries", "3")]
    [InlineData(StoreKind.Memory, "MaxBytes", "30000")]
    [InlineData(StoreKind.Redis, "MaxBytes", "30000")]
    public async Task Beyond_its_quota_a_tenant_stores_nothing_new_and_reads_on(StoreKind store, string limit, string value)
    {
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.Headers.ETag = "\"1\"";
            return context.Response.WriteAsync(new string('x', 10_000));
        });
        await using var proxy = await stores.StartAsync(
            store, api.Address, ($"CacheProxy:Tenants:*:{limit}", value), ($"CacheProxy:Tenants:large:{limit}", "1000000000".Substring(0, limit == "MaxEntries" ? 8 : 10)));

        // What is counted comes a moment later: so it is asked until it is known.
        var id = 0;
        await Eventually.TrueAsync(async () =>
            (await AskAsync(proxy, "demo", ++id)).CacheStatus.EndsWith("; detail=tenant-quota", StringComparison.Ordinal));
        Assert.InRange(id, 4, 40);
        Assert.True((await AskAsync(proxy, "demo", 1)).IsHit);
        Assert.False((await AskAsync(proxy, "demo", id)).IsHit);

        // Others have their own.
        Assert.EndsWith("; stored", (await AskAsync(proxy, "acme", 1)).CacheStatus, StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            Assert.EndsWith("; stored", (await AskAsync(proxy, "large", i)).CacheStatus, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task In_Redis_the_count_is_one_sorted_set_that_expires_and_only_tenants_with_a_quota_have_one()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync(new string('x', 1500)));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, ("CacheProxy:Tenants:demo:MaxEntries", "100"));
        await AskAsync(proxy, "demo", 1);
        await AskAsync(proxy, "demo", 2);
        await AskAsync(proxy, "acme", 1);
        await Eventually.TrueAsync(async () => await stores.Redis.NumberAsync("ZCARD", "quota of demo") == 3);

        Assert.Equal("-4", await stores.Redis.TextAsync("ZSCORE", "quota of demo", ""));
        Assert.InRange(await stores.Redis.NumberAsync("TTL", "quota of demo"), 86_000, 86_403);
        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", "quota of acme"));

        // The same again is counted once, whoever stores it.
        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        await AskAsync(proxy, "demo", 1);
        await AskAsync(proxy, "demo", 3);
        await Eventually.TrueAsync(async () => await stores.Redis.NumberAsync("ZCARD", "quota of demo") == 4);
        Assert.Equal("-6", await stores.Redis.TextAsync("ZSCORE", "quota of demo", ""));
    }

    private static async Task<ClientAnswer> AskAsync(ProxyUnderTest proxy, string tenant, int id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(proxy.Address, $"/api/customers/{id}"));
        request.Headers.Add("X-Tenant-Subdomain", tenant);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return await ClientAnswer.ReadAsync(client.SendAsync(request, TestContext.Current.CancellationToken));
    }
}
