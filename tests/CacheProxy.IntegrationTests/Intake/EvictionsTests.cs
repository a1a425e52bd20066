using System.Text.Json;
using CacheProxy.IntegrationTests.Dependencies;
using CacheProxy.IntegrationTests.Harness;
using Serilog.Events;
using Xunit;

namespace CacheProxy.IntegrationTests.Intake;

/// <summary>A write that goes past the sidecar and is told of: after the 200 nobody is served what it replaced.</summary>
public sealed class EvictionsTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private const string Told = """{"policy":"customer","tenant":"demo","values":{"id":1}}""";

    private static readonly (string, string) Host = ("Host", "api.test");

    [Theory]
    [InlineData(StoreKind.Memory, Told)]
    [InlineData(StoreKind.Redis, Told)]
    [InlineData(StoreKind.Redis, """{"url":"/API/customers/%31/?page=3","tenant":"demo"}""")]
    [InlineData(StoreKind.Redis, """{"specversion":"1.0","id":"a","source":"/job","type":"written","data":{"url":"/api/customers/1","tenant":"demo"}}""")]
    [InlineData(StoreKind.Redis, """[{"op":"u","before":null,"after":{"id":1,"tenant":"demo"},"source":{"schema":"public","table":"customers"}}]""")]
    public async Task What_was_stored_is_served_no_more_in_any_variant_through_any_replica(StoreKind store, string json)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        (string, string?)[] settings =
        [
            ("CacheProxy:Intake:Tables:public.customers:0:Policy", "customer"),
            ("CacheProxy:Intake:Tables:public.customers:0:Tenant", "{tenant}"),
            ("CacheProxy:Intake:Tables:public.customers:0:Values:id", "{id}"),
        ];
        await using var proxy = await stores.StartAsync(store, api.Address, settings);
        await using var other = store == StoreKind.Redis ? await ProxyUnderTest.StartAsync(api.Address, settings, stores.Redis.ConnectionString) : null;
        // Each replica has another port, and what is stored is for one host.
        await proxy.AskAsync(Customer, Host);
        await proxy.AskAsync(Customer, Host, ("Accept", "text/plain"));
        await proxy.AskAsync("/api/customers/2", Host);
        Assert.True((await (other ?? proxy).AskAsync(Customer, Host)).IsHit);

        var told = await proxy.AdministerAsync(HttpMethod.Post, "/evictions", json);

        Assert.Equal((200, """{"items":1,"resources":1}"""), (told.Status, Compact(told)));
        Assert.True((await proxy.AskAsync("/api/customers/2", Host)).IsHit);
        Assert.Equal(("4", false), Seen(await (other ?? proxy).AskAsync(Customer, Host)));
        Assert.Equal(("5", false), Seen(await proxy.AskAsync(Customer, Host, ("Accept", "text/plain"))));
        Assert.Equal(200, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", json)).Status);
    }

    [Fact]
    public async Task What_succeeds_is_a_line_of_the_log_at_Debug_only_and_what_does_not_is_one_for_all()
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Told);
        await proxy.AdministerAsync(HttpMethod.Post, "/evictions", """{"policy":"unknown"}""");

        await Eventually.TrueAsync(() =>
            LevelsOf(proxy, "answered 200").SequenceEqual([LogEventLevel.Debug]) && LevelsOf(proxy, "answered 422").SequenceEqual([LogEventLevel.Information]));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_the_API_read_before_is_not_stored_after_it(StoreKind store)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        var answer = api.Handler;
        api.Handler = async context =>
        {
            await gate.PassAsync();
            await answer(context);
        };
        await using var proxy = await stores.StartAsync(store, api.Address);

        var early = proxy.AskAsync(Customer);
        await gate.ReachedAsync();
        Assert.Equal(200, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Told)).Status);
        gate.Open();

        Assert.Equal("1", (await early).Text);
        Assert.Equal(("2", false), Seen(await proxy.AskAsync(Customer)));
        Assert.Equal(("2", true), Seen(await proxy.AskAsync(Customer)));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_contains_it_is_evicted_with_it_stored_or_on_its_way(StoreKind store)
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, store);
        await proxy.AskAsync(PetScene.Customer);
        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);
        const string Pet = """{"url":"/api/pets/7","tenant":"demo"}""";

        Assert.Equal(200, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Pet)).Status);

        Assert.False((await proxy.AskAsync(PetScene.Customer)).IsHit);
        await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Pet);
        var read = new Gate();
        scene.AfterRead = read.PassAsync;
        var early = proxy.AskAsync(PetScene.Customer);
        await read.ReachedAsync();
        await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Pet);
        scene.AfterRead = static () => Task.CompletedTask;
        read.Open();
        await early;
        Assert.False((await proxy.AskAsync(PetScene.Customer)).IsHit);
    }

    [Fact]
    public async Task A_tag_is_evicted()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, ("CacheProxy:Policies:customer:Tags:0", "all"));
        await Eventually.TrueAsync(async () => (await proxy.AskAsync(Customer)).IsHit);

        Assert.Equal(200, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", """{"tag":"all","tenant":"demo"}""")).Status);

        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task Of_a_list_the_items_that_are_understood_are_evicted_and_each_is_reported()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, ("CacheProxy:Intake:MaxItems", "3"), ("CacheProxy:Intake:MaxBodyBytes", "1024"));
        await proxy.AskAsync(Customer);

        var told = await proxy.AdministerAsync(HttpMethod.Post, "/evictions", $$"""[{"policy":"custumer","tenant":"demo"},{{Told}},{"policy":"customer","tenant":"demo"}]""");

        Assert.Equal((422, "application/problem+json"), (told.Status, told["Content-Type"]));
        using var problem = JsonDocument.Parse(told.Bytes);
        Assert.Equal("urn:cacheproxy:problem:items-refused", problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(
            ["422 /policy", "200 ", "422 /values/id"],
            problem.RootElement.GetProperty("items").EnumerateArray()
                .Select(static item => $"{item.GetProperty("status")} {(item.TryGetProperty("pointer", out var pointer) ? pointer.GetString() : "")}"));
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(413, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", "[1,2,3,4]")).Status);
        Assert.Equal(413, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", new string(' ', 1025))).Status);
        Assert.Equal(400, (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", "{")).Status);
        Assert.Equal((200, """{"items":0,"resources":0}"""), await CompactAsync(proxy.AdministerAsync(HttpMethod.Post, "/evictions", "[]")));
    }

    [Fact]
    public async Task Without_Redis_nothing_is_claimed_and_the_same_is_taken_when_it_is_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, redis: redis.ConnectionString);
        await proxy.AskAsync(Customer);
        await redis.KillAsync();

        var told = await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Told);

        Assert.Equal((503, "1"), (told.Status, told["Retry-After"]));
        await redis.RestartAsync();
        await Eventually.TrueAsync(async () => (await proxy.AdministerAsync(HttpMethod.Post, "/evictions", Told)).Status == 200);
    }

    private static (string Text, bool IsHit) Seen(ClientAnswer answer) => (answer.Text, answer.IsHit);

    private static async Task<(int Status, string Text)> CompactAsync(Task<ClientAnswer> asking) => (await asking) is var answer ? (answer.Status, Compact(answer)) : default;

    private static IEnumerable<LogEventLevel> LevelsOf(ProxyUnderTest proxy, string text) => proxy.Log.Events
        .Where(logged => logged.RenderMessage().Contains(text, StringComparison.Ordinal))
        .Select(static logged => logged.Level);

    private static string Compact(ClientAnswer answer) => string.Concat(answer.Text.Where(static c => !char.IsWhiteSpace(c)));
}
