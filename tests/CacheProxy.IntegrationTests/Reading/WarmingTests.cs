using System.Net;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>What is asked for most is fetched before anybody asks for it again.</summary>
public sealed class WarmingTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Policy = "CacheProxy:Policies:customer:";
    private const string Customer = "/api/customers/1";
    private const string List = "cacheproxy#hot:customer";

    private static readonly (string, string?) Shared = (Policy + "Credentials", "Shared");
    private static readonly (string, string?) Top = (Policy + "Warm:Top", "100");

    // So that replicas in one test are asked as one host.
    private static readonly (string, string) Host = ("Host", "api.test");

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task On_demand_what_is_missing_is_fetched_and_what_is_there_is_not(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(store, api.Address, Shared, Top);
        await StartIsOverAsync(proxy);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync("/api/customers/2");
        await proxy.AskAsync(HttpMethod.Put, Customer);

        Assert.Equal((202, """{"policies":["customer"]}"""), await WarmAsync(proxy));
        await DemandedAsync(proxy, 2);

        Assert.Equal(2, api.Count($"GET {Customer}"));
        Assert.Equal(1, api.Count("GET /api/customers/2"));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        Assert.Contains(proxy.Log.Messages, static message => message == "Warming of policy \"customer\" has ended: 1 fetched, 2 were there, 0 not tried");
    }

    [Fact]
    public async Task What_was_hot_before_a_restart_is_fetched_after_it()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using (var before = await stores.StartAsync(StoreKind.Redis, api.Address, Shared, Top))
        {
            await before.AskAsync(Customer, Host);
        }

        await stores.Redis.SendAsync("DEL", "demo:customer:1");
        await using var after = await RestartAsync(api, Shared, Top);
        await EndedAsync(after);

        Assert.Equal(2, api.Count($"GET {Customer}"));
        Assert.True((await after.AskAsync(Customer, Host)).IsHit);
    }

    [Fact]
    public async Task A_flush_is_noticed_and_the_list_of_what_is_hot_survives_it()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await stores.Redis.SendAsync("FLUSHALL");
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10"), Shared, Top], stores.Redis.ConnectionString, new HurriedTimeProvider());
        await proxy.AskAsync(Customer);
        await Eventually.TrueAsync(async () => await stores.Redis.NumberAsync("ZCARD", List) == 2);

        await stores.Redis.SendAsync("FLUSHALL");

        // The lease of the fill makes the key before the API is asked.
        await Eventually.TrueAsync(async () => await stores.Redis.NumberAsync("HEXISTS", "demo:customer:1", "meta") == 1);
        await Eventually.TrueAsync(async () => await stores.Redis.NumberAsync("ZCARD", List) == 2);
        Assert.Equal(2, api.Count($"GET {Customer}"));
    }

    [Fact]
    public async Task No_credential_cookie_or_query_is_kept_and_none_is_sent()
    {
        var sent = new List<string>();
        await using var api = await StubApi.StartAsync(context =>
        {
            lock (sent)
            {
                sent.Add(string.Join(' ', context.Request.Headers.Select(static header => $"{header.Key}={header.Value}")) + context.Request.QueryString);
            }

            return Answers.SendAsync(context, 200, "answer", ("Vary", "X-Plan"));
        });
        await using (var before = await stores.StartAsync(StoreKind.Redis, api.Address, Shared, Top))
        {
            await before.AskAsync(Customer, Host, ("Authorization", "Bearer secret"), ("Cookie", "secret=1"), ("X-Plan", "gold"), ("Accept", "application/json"));
            await before.AskAsync("/api/customers/2?token=secret", Host);
        }

        var kept = await stores.Redis.TextAsync("EVAL", "return table.concat(redis.call('ZREVRANGE', KEYS[1], 1, -1), ';')", "1", List);
        Assert.Equal($"demo http://api.test{Customer}\nX-Tenant-Subdomain: demo\naccept: application/json\nx-plan: gold", kept);
        await stores.Redis.SendAsync("DEL", "demo:customer:1", "demo:customer:2");
        sent.Clear();
        await using var after = await RestartAsync(api, Shared, Top);
        await EndedAsync(after);

        Assert.DoesNotContain("secret", Assert.Single(sent), StringComparison.Ordinal);
        Assert.True((await after.AskAsync(Customer, Host, ("Authorization", "Bearer other"), ("X-Plan", "gold"), ("Accept", "application/json"))).IsHit);
    }

    [Fact]
    public async Task With_a_credential_of_its_own_warming_asks_by_it_and_never_logs_it()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "Bearer service\n", TestContext.Current.CancellationToken);
        await using var api = await StubApi.StartAsync(Answers.Echo("Authorization"));
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, Top, ("CacheProxy:Warm:CredentialFile", file));
        await proxy.AskAsync(Customer, ("Authorization", "Bearer somebody"));

        await WarmAsync(proxy);
        await DemandedAsync(proxy, 1);

        // Entries are per credential here: what was fetched is for whoever has the same one.
        Assert.Equal("Bearer service", (await proxy.AskAsync(Customer, ("Authorization", "Bearer service"))).Text);
        Assert.Equal(2, api.Count($"GET {Customer}"));
        Assert.DoesNotContain(proxy.Log.Messages, static message => message.Contains("service", StringComparison.Ordinal));
        File.Delete(file);
    }

    [Theory]
    [InlineData(500, "ApiFails", 3)]
    [InlineData(401, "ApiRefuses", 10)]
    public async Task An_API_that_fails_or_refuses_is_left_alone(int status, string why, int most)
    {
        var fails = false;
        await using var api = await StubApi.StartAsync(context => Answers.SendAsync(context, fails ? status : 200, "answer"));
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, Shared, Top, (Policy + "Warm:RatePerSecond", "1000"));
        await StartIsOverAsync(proxy);
        for (var i = 0; i < 50; i++)
        {
            await proxy.AskAsync($"/api/customers/{i}");
            await proxy.AskAsync(HttpMethod.Put, $"/api/customers/{i}");
        }

        fails = true;
        await WarmAsync(proxy);
        await DemandedAsync(proxy, 2);

        Assert.Contains(proxy.Log.Messages, message => message == $"Warming of policy \"customer\" stops: {why}");
        // Those under way when it was noticed come on top.
        Assert.InRange(api.Requests.Count(static request => request.StartsWith("GET", StringComparison.Ordinal)) - 51, most, most + 16);
    }

    [Fact]
    public async Task Only_who_has_a_token_and_no_page_in_a_browser_can_ask_for_it()
    {
        await using var proxy = await stores.StartAsync(StoreKind.Memory, "http://127.0.0.1:9");

        Assert.Equal(409, (await WarmAsync(proxy)).Status);
        Assert.Equal(401, (await WarmAsync(proxy, ("Authorization", "Bearer another-token-than-that"))).Status);
        Assert.Equal(403, (await WarmAsync(proxy, ("Origin", "http://evil.test"))).Status);
        using var client = new HttpClient();
        using var got = await client.GetAsync(new Uri(proxy.Management, "/warm"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, got.StatusCode);
    }

    private Task<ProxyUnderTest> RestartAsync(StubApi api, params (string, string?)[] settings) =>
        ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Redis:Timeout", "00:00:10"), .. settings], stores.Redis.ConnectionString);

    private static async Task<(int Status, string Text)> WarmAsync(ProxyUnderTest proxy, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(proxy.Management, "/warm"));
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        if (!request.Headers.Contains("Authorization"))
        {
            request.Headers.Add("Authorization", $"Bearer {ProxyUnderTest.Token}");
        }

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, string.Concat(text.Where(static c => !char.IsWhiteSpace(c))));
    }

    // On a slow machine the warming of the start comes after the first requests. A demand takes its place if it has not begun.
    private static async Task StartIsOverAsync(ProxyUnderTest proxy)
    {
        await proxy.AskAsync("/api/customers/99");
        await WarmAsync(proxy);
        await DemandedAsync(proxy, 1);
    }

    private static Task DemandedAsync(ProxyUnderTest proxy, int times) => Eventually.TrueAsync(() =>
    {
        var messages = proxy.Log.Messages.ToList();
        return messages.Count(static message => message.EndsWith("(Demand)", StringComparison.Ordinal)) == times
            && messages.FindLast(static message => message.StartsWith("Warming of policy", StringComparison.Ordinal))!.Contains("has ended", StringComparison.Ordinal);
    });

    private static Task EndedAsync(ProxyUnderTest proxy) =>
        Eventually.TrueAsync(() => proxy.Log.Messages.Any(static message => message.StartsWith("Warming of policy \"customer\" has ended", StringComparison.Ordinal)));
}
