using System.Collections.Concurrent;
using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Auditing;

/// <summary>Hits are compared, behind the clients' backs, with what the API answers.</summary>
public sealed class AuditTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private const string Policy = "CacheProxy:Policies:customer:";

    private static readonly (string, string?) Audit = (Policy + "Audit", "1");
    private static readonly (string, string)[] Json = [("Content-Type", "application/json")];

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_hit_that_the_API_confirms_is_right_and_is_asked_for_as_the_client_asked(StoreKind store)
    {
        var asked = new ConcurrentQueue<(string Authorization, string Condition)>();
        await using var api = await StubApi.StartAsync(context =>
        {
            asked.Enqueue((context.Request.Headers.Authorization.ToString(), context.Request.Headers.IfNoneMatch.ToString()));
            return Answers.SendAsync(context, 200, "same", ("ETag", "\"a\""));
        });
        await using var proxy = await StartAsync(store, api, Audit);
        await proxy.AskAsync(Customer, ("Authorization", "Bearer a"));

        var hit = await proxy.AskAsync(Customer, ("Authorization", "Bearer a"), ("If-None-Match", "\"a\""));

        Assert.Equal(304, hit.Status);
        await CountedAsync(proxy, "right", 1);
        Assert.Equal([("Bearer a", ""), ("Bearer a", "")], asked);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_past_the_sidecar_makes_a_hit_wrong_and_it_is_told_where_and_evicted(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("""{"name":"secret old","pets":[]}""", Json));
        await using var proxy = await StartAsync(store, api, Audit);
        await proxy.AskAsync(Customer);
        api.Handler = Answers.Body("""{"pets":[],"name":"secret new"}""", Json);

        Assert.True((await proxy.AskAsync(Customer)).IsHit);

        await CountedAsync(proxy, "wrong-no-write-seen", 1);
        var report = await ReportAsync(proxy);
        Assert.Equal("""[{"at":"/name","count":1}]""", report.GetProperty("firstDifferences").GetRawText().ReplaceWhiteSpace());
        Assert.Equal(1_000_000, report.GetProperty("wrongPerMillion").GetDouble());
        // Told after it was counted.
        const string Told = "A hit of policy \"customer\" was wrong: the API answers otherwise, first at \"/name\" (\"wrong-no-write-seen\"; reported at most once a minute)";
        await Eventually.TrueAsync(() => proxy.Log.Messages.Contains(Told));
        Assert.DoesNotContain(proxy.Log.Messages, static message => message.Contains("secret", StringComparison.Ordinal));
        await Eventually.TrueAsync(async () => (await proxy.AskAsync(Customer)).Text.Contains("secret new", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_that_names_the_resource_and_did_not_evict_it_is_told()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("""{"orders":0}""", Json));
        await using var proxy = await StartAsync(
            StoreKind.Memory,
            api,
            Audit,
            ("ReverseProxy:Routes:orders:ClusterId", "customer-api"),
            ("ReverseProxy:Routes:orders:Match:Path", "/api/customers/{id}/orders"));
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(HttpMethod.Post, Customer + "/orders");
        api.Handler = Answers.Body("""{"orders":1}""", Json);

        await proxy.AskAsync(Customer);

        await CountedAsync(proxy, "wrong-write-seen", 1);
        var write = (await ReportAsync(proxy)).GetProperty("afterWrites")[0];
        Assert.Equal(("orders", "POST", true), (write.GetProperty("route").GetString(), write.GetProperty("method").GetString(), write.GetProperty("namesId").GetBoolean()));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_in_between_is_no_wrong_answer(StoreKind store)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(Answers.Body("old"));
        await using var proxy = await StartAsync(store, api, Audit);
        await proxy.AskAsync(Customer);
        api.Handler = async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await gate.PassAsync();
            }

            await Answers.SendAsync(context, 200, "new");
        };
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        await gate.ReachedAsync();

        await proxy.AskAsync(HttpMethod.Put, Customer);
        gate.Open();

        await CountedAsync(proxy, "superseded", 1);
        Assert.Equal(0, (await ReportAsync(proxy)).GetProperty("wrong").GetInt64());
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task While_clients_write_and_read_at_the_same_time_no_audit_finds_a_wrong_answer(StoreKind store)
    {
        var versions = new ConcurrentDictionary<string, int>();
        await using var api = await StubApi.StartAsync(async context =>
        {
            var path = context.Request.Path.Value!;
            var version = HttpMethods.IsGet(context.Request.Method)
                ? versions.GetOrAdd(path, 0)
                : versions.AddOrUpdate(path, 1, static (_, known) => known + 1);
            // An answer may be on its way while others overtake it.
            await Task.Yield();
            await Answers.SendAsync(context, 200, $$"""{"version":{{version}}}""", Json);
        });
        await using var proxy = await StartAsync(store, api, Audit, ("CacheProxy:Audit:RatePerSecond", "1000"));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
        {
            for (var i = 0; i < 120; i++)
            {
                var target = $"/api/customers/{(i + client) % 3}";
                await proxy.AskAsync(client == 0 && i % 3 == 0 ? HttpMethod.Put : HttpMethod.Get, target);
            }
        }));

        await Eventually.TrueAsync(async () =>
        {
            await proxy.AskAsync(Customer);
            return (await ReportsAsync(proxy)).GetArrayLength() == 1 && (await ReportAsync(proxy)).GetProperty("judged").GetInt64() >= 10;
        });
        Assert.Equal(0, (await ReportAsync(proxy)).GetProperty("wrong").GetInt64());
    }

    [Fact]
    public async Task What_changes_each_time_is_unsteady_and_right_where_it_is_ignored()
    {
        var count = 0;
        await using var api = await StubApi.StartAsync(context => Answers.SendAsync(context, 200, $$"""{"n":{{Interlocked.Increment(ref count)}}}""", Json));
        await using var proxy = await StartAsync(StoreKind.Memory, api, Audit);
        await using var ignoring = await StartAsync(StoreKind.Memory, api, Audit, (Policy + "AuditIgnore", "/n"));

        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);
        await ignoring.AskAsync(Customer);
        await ignoring.AskAsync(Customer);

        await CountedAsync(proxy, "unsteady", 1);
        await CountedAsync(ignoring, "right", 1);
    }

    [Fact]
    public async Task No_more_than_the_rate_are_audited_and_clients_wait_for_none()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("same"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [Audit, ("CacheProxy:Audit:RatePerSecond", "1")], time: time);
        await proxy.AskAsync(Customer);
        for (var i = 0; i < 30; i++)
        {
            Assert.True((await proxy.AskAsync(Customer)).IsHit);
        }

        await CountedAsync(proxy, "right", 1);
        Assert.Equal(2, api.Requests.Count);
        var seconds = 0;
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            seconds++;
            // What has waited for long is let go.
            await proxy.AskAsync(Customer);
            return api.Requests.Count >= 5;
        });
        Assert.InRange(api.Requests.Count, 5, 2 + seconds);
    }

    [Fact]
    public async Task An_API_that_fails_is_left_alone_for_a_while()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("same"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [Audit, ("CacheProxy:Audit:RatePerSecond", "1000")], time: time);
        await proxy.AskAsync(Customer);
        api.Handler = Answers.Status(500, "ill");
        await proxy.AskAsync(Customer);
        await CountedAsync(proxy, "failed", 1);

        await proxy.AskAsync(Customer);
        await CountedAsync(proxy, "skipped", 1, () => time.Advance(TimeSpan.FromMilliseconds(1)));
        Assert.Equal(2, api.Requests.Count);

        api.Handler = Answers.Body("same");
        time.Advance(TimeSpan.FromSeconds(1));
        await proxy.AskAsync(Customer);
        await CountedAsync(proxy, "right", 1, () => time.Advance(TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task Without_Audit_the_API_is_asked_for_no_hit()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("same"));
        await using var proxy = await StartAsync(StoreKind.Memory, api);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);

        Assert.Equal("No policy has Audit: no hit is audited.\n", (await proxy.AskAsync(new Uri(proxy.Management, "/audit").AbsoluteUri)).Text);
        Assert.Single(api.Requests);
    }

    private async Task<ProxyUnderTest> StartAsync(StoreKind store, StubApi api, params (string, string?)[] settings)
    {
        if (store == StoreKind.Redis)
        {
            await stores.Redis.SendAsync("FLUSHALL");
        }

        return await ProxyUnderTest.StartAsync(
            api.Address,
            [("CacheProxy:Redis:Timeout", "00:00:10"), .. settings],
            store == StoreKind.Redis ? stores.Redis.ConnectionString : "");
    }

    private static Task CountedAsync(ProxyUnderTest proxy, string result, long count, Action? meanwhile = null) => Eventually.TrueAsync(
        async () =>
        {
            meanwhile?.Invoke();
            return (await ReportsAsync(proxy)).GetArrayLength() == 1 && (await ReportAsync(proxy)).GetProperty("results").GetProperty(result).GetInt64() == count;
        },
        $"There were never {count} of {result}.");

    private static async Task<JsonElement> ReportAsync(ProxyUnderTest proxy) => (await ReportsAsync(proxy))[0];

    private static async Task<JsonElement> ReportsAsync(ProxyUnderTest proxy)
    {
        var answer = await proxy.AskAsync(new Uri(proxy.Management, "/audit").AbsoluteUri, ("Accept", "application/json"));
        return JsonDocument.Parse(answer.Text).RootElement.GetProperty("policies");
    }
}

/// <summary>JSON without its layout.</summary>
internal static class CompactJson
{
    public static string ReplaceWhiteSpace(this string json) => string.Concat(json.Where(static c => !char.IsWhiteSpace(c)));
}
