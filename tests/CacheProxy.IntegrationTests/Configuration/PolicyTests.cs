using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Reporting;
using Xunit;

namespace CacheProxy.IntegrationTests.Configuration;

/// <summary>What is cached is a matter of configuration.</summary>
public sealed class PolicyTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private static readonly (string, string?)[] Pets =
    [
        ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
        ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"),
        ("ReverseProxy:Routes:pet:Metadata:Evicts", "owner"),
        ("ReverseProxy:Routes:owner:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:owner:Match:Path", "/api/owners/{id}"),
        ("ReverseProxy:Routes:owner:Metadata:CachePolicy", "owner"),
        ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"),
        ("CacheProxy:Policies:pet:Ttl", "00:01:00"),
        ("CacheProxy:Policies:owner:Key", "{tenant}:owner:{id}"),
        ("CacheProxy:Policies:owner:Ttl", "00:02:00"),
    ];

    private static readonly (string, string?)[] Lists =
    [
        ("ReverseProxy:Routes:customer:Metadata:Evicts", "customer-list"),
        ("ReverseProxy:Routes:customer-list:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:customer-list:Match:Path", "/api/customers"),
        ("ReverseProxy:Routes:customer-list:Metadata:CachePolicy", "customer-list"),
        ("ReverseProxy:Routes:customer-list:Metadata:Evicts", "customer-list"),
        ("ReverseProxy:Routes:customer-search:Metadata:CachePolicy", "customer-list"),
        ("ReverseProxy:Routes:customer-parts:Metadata:Evicts", "customer, customer-list"),
        ("CacheProxy:Policies:customer-list:Key", "{tenant}:customer-list"),
        ("CacheProxy:Policies:customer-list:Ttl", "30s"),
    ];

    [Fact]
    public async Task Pets_are_cached_by_settings_alone()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Pets);

        await proxy.AskAsync("/api/pets/7");
        var hit = await proxy.AskAsync("/api/pets/7");
        var ttl = await stores.Redis.NumberAsync("TTL", "demo:pet:7");
        await proxy.AskAsync(HttpMethod.Put, "/api/pets/7");

        Assert.Equal(("1", true), (hit.Text, hit.IsHit));
        Assert.InRange(ttl, 50, 60);
        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", "demo:pet:7"));
        Assert.Equal(
            [
                "Pet cached {petId=\"7\", tenantId=\"demo\"}",
                "Pet cache hit {petId=\"7\", tenantId=\"demo\"}",
                "Pet cache invalidated {petId=\"7\", tenantId=\"demo\"}",
                "Owner cache invalidated {ownerId=\"7\", tenantId=\"demo\"}",
            ],
            CacheEvents.Of(proxy));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Lists_and_searches_of_a_tenant_are_one_resource_that_every_write_to_a_customer_evicts(StoreKind kind)
    {
        string[] lists = ["/api/customers", "/api/customers?page=2", "/api/customers/search?q=a", "/api/customers/search?q=b"];
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(kind, api.Address, Lists);

        foreach (var (method, target) in ((HttpMethod, string)[])
            [(HttpMethod.Put, "/api/customers/7"), (HttpMethod.Post, "/api/customers"), (HttpMethod.Post, "/api/customers/7/pets")])
        {
            foreach (var list in lists)
            {
                var miss = await proxy.AskAsync(list);
                var hit = await proxy.AskAsync(list);
                Assert.Equal((false, true, miss.Text), (miss.IsHit, hit.IsHit, hit.Text));
            }

            await proxy.AskAsync(method, target);
        }
    }

    [Fact]
    public async Task The_lists_of_a_tenant_are_in_one_key_of_Redis_and_no_other_tenant_s()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Lists);
        await proxy.AskAsync("/api/customers");
        await proxy.AskAsync("/api/customers/search?q=a");

        var other = await proxy.AskRawAsync("/api/customers", "X-Tenant-Subdomain: acme\r\n");

        Assert.Equal("3", other.Content);
        Assert.Equal(1, await stores.Redis.NumberAsync("EXISTS", "demo:customer-list"));
        Assert.Equal(1, await stores.Redis.NumberAsync("EXISTS", "acme:customer-list"));
    }

    [Fact]
    public async Task Customers_and_pets_of_one_id_have_keys_of_their_own()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Pets);
        await proxy.AskAsync("/api/customers/7");
        await proxy.AskAsync("/api/pets/7");

        await proxy.AskAsync(HttpMethod.Put, "/api/pets/7");

        Assert.True((await proxy.AskAsync("/api/customers/7")).IsHit);
        Assert.False((await proxy.AskAsync("/api/pets/7")).IsHit);
    }

    [Fact]
    public async Task A_policy_without_a_tenant_in_its_key_needs_none()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [.. Pets, ("CacheProxy:Policies:pet:Key", "pet|{host}|{id}")]);

        await proxy.AskRawAsync("/api/pets/7", "");
        var hit = await proxy.AskRawAsync("/api/pets/7", "X-Tenant-Subdomain: any\r\n");
        var other = await proxy.AskRawAsync("/api/pets/7", "", host: "other.test");

        Assert.Equal(("1", "2"), (hit.Content, other.Content));
    }

    [Fact]
    public async Task Off_forwards_every_read()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:Mode", "Off")]);

        await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("2", "cacheproxy; fwd=bypass; fwd-status=200; detail=policy-off"), (second.Text, second.CacheStatus));
    }

    [Fact]
    public async Task Off_evicts_what_others_stored()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var on = await stores.StartAsync(StoreKind.Redis, api.Address);
        await using var off = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Policies:customer:Mode", "Off")], stores.Redis.ConnectionString);
        await on.AskAsync("/api/customers/1");

        await off.AskAsync(HttpMethod.Put, "/api/customers/1");

        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", "demo:customer:1"));
    }

    [Theory]
    [InlineData("me")]
    [InlineData("Self")]
    [InlineData("CURRENT")]
    [InlineData("m%65")]
    public async Task An_id_that_means_the_caller_is_never_cached(string id)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:Credentials", "Shared")]);

        await proxy.AskRawAsync($"/api/customers/{id}", "X-Tenant-Subdomain: demo\r\nAuthorization: Bearer 1\r\n");
        var second = await proxy.AskRawAsync($"/api/customers/{id}", "X-Tenant-Subdomain: demo\r\nAuthorization: Bearer 2\r\n");
        await proxy.AskAsync(HttpMethod.Put, $"/api/customers/{id}");

        Assert.Equal("2", second.Content);
        Assert.Equal(["cacheproxy; fwd=bypass; fwd-status=200; detail=excepted-id"], second.Values("Cache-Status"));
        Assert.Equal([$"Customer cache invalidated {{customerId=\"{Uri.UnescapeDataString(id)}\", tenantId=\"demo\"}}"], CacheEvents.Of(proxy));
    }

    [Fact]
    public async Task Each_policy_names_the_ids_that_it_excepts()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [.. Pets, ("CacheProxy:Policies:pet:ExceptIds", "mine, latest"), ("CacheProxy:Policies:customer:ExceptIds", "self")]);

        foreach (var target in (string[])["/api/pets/me", "/api/customers/me", "/api/customers/mine"])
        {
            await proxy.AskAsync(target);
            Assert.True((await proxy.AskAsync(target)).IsHit);
        }

        Assert.Contains("excepted-id", (await proxy.AskAsync("/api/pets/Latest")).CacheStatus, StringComparison.Ordinal);
        Assert.Contains("excepted-id", (await proxy.AskAsync("/api/customers/self")).CacheStatus, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Rfc9111", "5m", null, 1)]
    [InlineData("Rfc9111", "5m", "true", 0)]
    [InlineData("Rfc9111", "", null, 0)]
    [InlineData("PerCredential", "5m", null, 0)]
    public async Task A_policy_that_shares_what_cookies_personalise_is_warned_of_at_the_start(string credentials, string ttl, string? shares, int warnings)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        (string, string?)[] settings = [("CacheProxy:Policies:customer:Credentials", credentials), ("CacheProxy:Policies:customer:Ttl", ttl)];
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, shares is null ? settings : [.. settings, ("CacheProxy:Policies:customer:SharePersonalised", shares)]);

        Assert.Equal(warnings, proxy.Log.Messages.Count(static message => message.Contains("shares what cookies personalise", StringComparison.Ordinal)));
    }
}
