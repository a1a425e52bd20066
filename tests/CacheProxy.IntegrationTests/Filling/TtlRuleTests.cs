using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Lifetimes by what a response says.</summary>
public sealed class TtlRuleTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private const string Inactive = """{"status":"INACTIVE"}""";
    private const string Active = """{"status":"ACTIVE"}""";
    private static readonly (string, string) Json = ("Content-Type", "application/json");

    private static readonly (string Key, string? Value)[] Rules =
    [
        ("CacheProxy:Policies:customer:TtlRules:0:Pointer", "/status"),
        ("CacheProxy:Policies:customer:TtlRules:0:Equals", "INACTIVE"),
        ("CacheProxy:Policies:customer:TtlRules:0:Ttl", "1h"),
        ("CacheProxy:Policies:customer:TtlRules:1:Header", "X-Plan"),
        ("CacheProxy:Policies:customer:TtlRules:1:Equals", "archive"),
        ("CacheProxy:Policies:customer:TtlRules:1:Ttl", "2h"),
        ("CacheProxy:Policies:customer:StatusCodes", "404"),
        ("CacheProxy:Policies:customer:NegativeTtl", "10s"),
    ];

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_field_of_the_body_or_a_header_gives_it_and_what_no_rule_matches_has_the_plain_Ttl(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Body(Inactive, Json));
        await using var proxy = await stores.StartAsync(store, api.Address, Rules);

        Assert.Equal(3600, await TtlAsync(proxy, "/api/customers/1"));
        api.Handler = Answers.Body("archived, and no JSON", ("X-Plan", "archive"));
        Assert.Equal(7200, await TtlAsync(proxy, "/api/customers/2"));
        api.Handler = Answers.Body(Active, Json);
        Assert.Equal(300, await TtlAsync(proxy, "/api/customers/3"));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task The_APIs_own_freshness_and_NegativeTtl_stay(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Body(Inactive, Json, ("Cache-Control", "max-age=60")));
        await using var proxy = await stores.StartAsync(store, api.Address, Rules);

        Assert.Equal(60, await TtlAsync(proxy, "/api/customers/1"));
        api.Handler = Answers.Status(404, Inactive, Json);
        Assert.Equal(10, await TtlAsync(proxy, "/api/customers/2"));
    }

    [Fact]
    public async Task It_is_over_when_it_is_over()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body(Inactive, Json));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Rules, time: time);
        await proxy.AskAsync(Customer);

        time.Advance(TimeSpan.FromSeconds(3599));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task A_304_is_judged_by_the_stored_body_and_the_new_headers()
    {
        var time = new FakeTimeProvider();
        var body = Answers.Body("text", ("ETag", "\"a\""), ("X-Plan", "archive"));
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            body, Answers.Status(304, "", ("ETag", "\"a\""), ("X-Plan", "current")), Answers.Status(304, "", ("ETag", "\"a\""), ("X-Plan", "archive"))));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Rules, time: time);
        await proxy.AskAsync(Customer);

        // In the hands of the client that does not want it as it is; the policy's Ttl leaves no entry for a validation.
        await proxy.AskAsync(Customer, ("Cache-Control", "no-cache"));
        Assert.Equal("cacheproxy; hit; ttl=300", (await proxy.AskAsync(Customer)).CacheStatus);
        await proxy.AskAsync(Customer, ("Cache-Control", "no-cache"));
        Assert.Equal("cacheproxy; hit; ttl=7200", (await proxy.AskAsync(Customer)).CacheStatus);
    }

    [Fact]
    public async Task So_is_an_answer_to_HEAD_that_freshens()
    {
        await using var api = await StubApi.StartAsync(Answers.Body(Inactive, Json, ("ETag", "\"a\""), ("Cache-Control", "max-age=60")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Rules, time: new FakeTimeProvider());
        await proxy.AskAsync(Customer);
        api.Handler = Answers.Body(Inactive, Json, ("ETag", "\"a\""), ("Cache-Control", "public"));

        await proxy.AskAsync(HttpMethod.Head, Customer, ("Cache-Control", "no-cache"));

        Assert.Equal("cacheproxy; hit; ttl=3600", (await proxy.AskAsync(Customer)).CacheStatus);
    }

    private static async Task<int> TtlAsync(ProxyUnderTest proxy, string target)
    {
        await proxy.AskAsync(target);
        var status = (await proxy.AskAsync(target)).CacheStatus;
        Assert.StartsWith("cacheproxy; hit; ttl=", status);
        var ttl = int.Parse(status["cacheproxy; hit; ttl=".Length..]);
        // Redis's clock is real: a lifetime of minutes may have lost some seconds on a busy machine.
        return ttl % 10 == 0 ? ttl : ((ttl / 10) + 1) * 10;
    }
}
