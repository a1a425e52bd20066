using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>What mode Shadow has shown, and whether the policy may be switched on.</summary>
public sealed class ShadowReportTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";

    private static readonly (string, string?) Shadow = ("CacheProxy:Policies:customer:Mode", "Shadow");
    private static readonly (string, string)[] Json = [("Content-Type", "application/json")];

    [Fact]
    public async Task A_write_on_another_route_that_makes_what_is_stored_wrong_is_named_with_the_place_and_no_value()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("""{"name":"secret","orders":[]}""", Json));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address,
            [
                Shadow,
                ("ReverseProxy:Routes:orders:ClusterId", "customer-api"),
                ("ReverseProxy:Routes:orders:Match:Path", "/api/customers/{id}/orders"),
            ]);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(HttpMethod.Post, Customer + "/orders");
        api.Handler = Answers.Body("""{"name":"secret","orders":[{"number":"secret"}]}""", Json);

        await proxy.AskAsync(Customer);

        await Eventually.TrueAsync(async () => (await ReportAsync(proxy)).GetProperty("wrong").GetInt64() == 1);
        var report = await ReportAsync(proxy);
        Assert.Equal(("not-ready", 3, 2), (report.GetProperty("verdict").GetString(), report.GetProperty("requests").GetInt64(), report.GetProperty("hits").GetInt64()));
        Assert.Equal("/orders/*", report.GetProperty("firstDifferences")[0].GetProperty("at").GetString());
        var text = (await proxy.AskAsync(new Uri(proxy.Management, "/shadow").AbsoluteUri)).Text;
        Assert.Contains("customer: not-ready", text, StringComparison.Ordinal);
        Assert.Contains("  1 came after a POST on the route orders that named the resource's id and did not evict it: see Evicts.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text + report.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_ignored_makes_nothing_wrong_and_a_write_that_evicts_is_counted()
    {
        var count = 0;
        await using var api = await StubApi.StartAsync(context => Answers.SendAsync(context, 200, $$"""{"now":{{Interlocked.Increment(ref count)}}}""", Json));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [Shadow, ("CacheProxy:Policies:customer:AuditIgnore", "/now")]);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);

        await proxy.AskAsync(HttpMethod.Put, Customer);

        await Eventually.TrueAsync(async () => (await ReportAsync(proxy)) is var report
            && report.GetProperty("writes").GetInt64() == 1 && report.GetProperty("hits").GetInt64() == 1 && report.GetProperty("wrong").GetInt64() == 0);
        Assert.Equal("wait", (await ReportAsync(proxy)).GetProperty("verdict").GetString());
        var metrics = (await proxy.AskAsync(new Uri(proxy.Management, "/metrics").AbsoluteUri)).Text;
        Assert.Contains("""cacheproxy_shadow_hits_total{equal="true",policy="customer"} 1""", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_during_a_read_makes_nothing_wrong(StoreKind store)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(Answers.Body("old"));
        await using var proxy = await stores.StartAsync(store, api.Address, Shadow);
        await proxy.AskAsync(Customer);
        api.Handler = async context =>
        {
            if (context.Request.Method == "GET")
            {
                await gate.PassAsync();
            }

            await Answers.SendAsync(context, 200, "new");
        };
        var read = proxy.AskAsync(Customer);
        await gate.ReachedAsync();
        await proxy.AskAsync(HttpMethod.Put, Customer);
        gate.Open();

        Assert.Equal("new", (await read).Text);
        await Eventually.TrueAsync(async () => (await ReportAsync(proxy)).GetProperty("overtaken").GetInt64() == 1);
        Assert.Equal(0, (await ReportAsync(proxy)).GetProperty("wrong").GetInt64());
    }

    [Fact]
    public async Task Reads_without_a_policy_that_repeat_are_proposed_where_that_is_asked_for()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("same"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Shadow:Propose", "true")]);
        await using var silent = await ProxyUnderTest.StartAsync(api.Address);
        for (var i = 0; i < 120; i++)
        {
            await proxy.AskAsync($"/api/products/{i % 4}");
        }

        await silent.AskAsync("/api/products/1");

        await Eventually.TrueAsync(async () => (await AskAsync(proxy)).GetProperty("withoutPolicy") is var reads
            && reads.GetArrayLength() == 1 && reads[0].GetProperty("requests").GetInt64() == 120);
        var read = (await AskAsync(proxy)).GetProperty("withoutPolicy")[0];
        Assert.Equal(("/api/products/*", true, 0.9667), (read.GetProperty("path").GetString(), read.GetProperty("proposed").GetBoolean(), read.GetProperty("hitRatio").GetDouble()));
        Assert.Equal(0, (await AskAsync(silent)).GetProperty("withoutPolicy").GetArrayLength());
    }

    private static async Task<JsonElement> ReportAsync(ProxyUnderTest proxy) => (await AskAsync(proxy)).GetProperty("policies")[0];

    private static async Task<JsonElement> AskAsync(ProxyUnderTest proxy) => JsonDocument.Parse(
        (await proxy.AskAsync(new Uri(proxy.Management, "/shadow").AbsoluteUri, ("Accept", "application/json"))).Text).RootElement;
}
