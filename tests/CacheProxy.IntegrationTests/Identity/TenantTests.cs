using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Identity;

/// <summary>Whose entry a request reads.</summary>
public sealed class TenantTests
{
    private static readonly (string, string?)[] BaseDomain = [("CacheProxy:Tenant:BaseDomains:0", "example.com")];

    [Fact]
    public async Task Each_tenant_reads_its_own()
    {
        await using var api = await StubApi.StartAsync(Answers.Echo("X-Tenant-Subdomain"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var tenant in new[] { "demo", "other", "demo", "other" })
        {
            Assert.Equal(tenant, (await proxy.AskRawAsync("/api/customers/1", $"X-Tenant-Subdomain: {tenant}\r\n")).Content);
        }

        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task A_tenant_is_compared_in_lower_case_and_reaches_the_API_as_it_was_sent()
    {
        await using var api = await StubApi.StartAsync(Answers.Echo("X-Tenant-Subdomain"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("DeMo", (await proxy.AskRawAsync("/api/customers/1", "X-Tenant-Subdomain: DeMo\r\n")).Content);
        Assert.Equal("DeMo", (await proxy.AskRawAsync("/api/customers/1", "X-Tenant-Subdomain: demo\r\n")).Content);
    }

    [Fact]
    public async Task The_host_names_the_tenant_where_the_header_is_absent()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync(context.Request.Host.Value!));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, BaseDomain);

        var first = await proxy.AskRawAsync("/api/customers/1", "", host: "demo.example.com");
        var second = await proxy.AskRawAsync("/api/customers/1", "", host: "DEMO.example.com");
        var other = await proxy.AskRawAsync("/api/customers/1", "", host: "other.example.com");

        Assert.Equal(("demo.example.com", "demo.example.com"), (first.Content, second.Content));
        Assert.StartsWith("cacheproxy; hit", second.Values("Cache-Status")[0], StringComparison.Ordinal);
        Assert.Equal("other.example.com", other.Content);
    }

    [Theory]
    [InlineData("", "api.test", "tenant-absent")]
    [InlineData("", "demo.example.org", "tenant-absent")]
    [InlineData("X-Tenant-Subdomain:\r\n", "api.test", "tenant-malformed")]
    [InlineData("X-Tenant-Subdomain: de:mo\r\n", "api.test", "tenant-malformed")]
    [InlineData("X-Tenant-Subdomain: demo.\r\n", "api.test", "tenant-malformed")]
    [InlineData("X-Tenant-Subdomain: de_mo\r\n", "api.test", "tenant-malformed")]
    [InlineData("X-Tenant-Subdomain: de mo\r\n", "api.test", "tenant-malformed")]
    [InlineData("X-Tenant-Subdomain: demo, other\r\n", "api.test", "tenant-malformed")]
    [InlineData("X-Tenant-Subdomain: demo\r\nX-Tenant-Subdomain: other\r\n", "api.test", "tenant-contradictory")]
    [InlineData("X-Tenant-Subdomain: demo\r\n", "other.example.com", "tenant-contradictory")]
    public async Task A_tenant_in_doubt_is_forwarded_and_nothing_stored(string header, string host, string detail)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, BaseDomain);

        var first = await proxy.AskRawAsync("/api/customers/1", header, host: host);
        var second = await proxy.AskRawAsync("/api/customers/1", header, host: host);

        Assert.Equal(("1", "2"), (first.Content, second.Content));
        Assert.Equal([$"cacheproxy; fwd=bypass; fwd-status=200; detail={detail}"], second.Values("Cache-Status"));
    }

    [Fact]
    public async Task Header_and_host_that_agree_read_the_same_entry()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, BaseDomain);

        var first = await proxy.AskRawAsync("/api/customers/1", "", host: "demo.example.com");
        var second = await proxy.AskRawAsync("/api/customers/1", host: "demo.example.com");

        Assert.Equal(("1", "1"), (first.Content, second.Content));
    }

    [Fact]
    public async Task Two_hosts_of_one_tenant_never_read_each_others_answer()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync(context.Request.Host.Value!));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var host in new[] { "a.test", "b.test", "a.test", "b.test", "a.test", "b.test" })
        {
            Assert.Equal(host, (await proxy.AskRawAsync("/api/customers/1", host: host)).Content);
        }

        // The first answer was stored before the second host was known.
        Assert.Equal(3, api.Requests.Count);
    }
}
