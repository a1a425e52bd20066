using System.Text.Json;
using CacheProxy.IntegrationTests.Dependencies;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

/// <summary>What an operator takes out of the cache, on both stores.</summary>
public sealed class PurgeTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private const string Policy = "CacheProxy:Policies:customer:";

    private static readonly (string, string?)[] Tagged =
    [
        (Policy + "Tags:0", "customers-of-{tenant}"),
        (Policy + "StaleIfError", "1h"),
    ];

    [Theory]
    [InlineData(StoreKind.Memory, """{"policy":"customer","key":"demo:customer:1"}""", true)]
    [InlineData(StoreKind.Redis, """{"policy":"customer","key":"demo:customer:1"}""", true)]
    [InlineData(StoreKind.Redis, """{"url":"http://any.test/API/customers/1/?q=1","tenant":"demo"}""", true)]
    [InlineData(StoreKind.Memory, """{"tag":"customers-of-demo","tenant":"demo"}""", false)]
    [InlineData(StoreKind.Redis, """{"tag":"customers-of-demo","tenant":"demo"}""", false)]
    [InlineData(StoreKind.Memory, """{"tenant":"demo"}""", false)]
    [InlineData(StoreKind.Redis, """{"tenant":"demo"}""", false)]
    [InlineData(StoreKind.Redis, """{"policy":"customer"}""", false)]
    [InlineData(StoreKind.Redis, """{"policy":"customer","tenant":"demo","mode":"Soft"}""", false)]
    public async Task A_purge_takes_what_it_names_and_nothing_else(StoreKind store, string purge, bool isOfOne)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(store, api.Address, Tagged);
        await StoreAsync(proxy, Customer);
        await StoreAsync(proxy, "/api/customers/2");
        await StoreAsync(proxy, Customer, "other");

        var answer = await proxy.AdministerAsync(HttpMethod.Post, "/purges", purge);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("done", State(answer));
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(isOfOne, (await proxy.AskAsync("/api/customers/2")).IsHit);
        Assert.Equal(!purge.Contains("\"policy\":\"customer\"}", StringComparison.Ordinal), (await AskAsync(proxy, Customer, "other")).IsHit);
        Assert.Equal(State(answer), State(await proxy.AdministerAsync(HttpMethod.Get, $"/purges/{Member(answer, "id")}")));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_is_purged_softly_is_validated_by_the_next_read_and_stands_in_for_an_API_that_fails(StoreKind store)
    {
        var fails = true;
        await using var api = await StubApi.StartAsync(context =>
            context.Request.Headers.IfNoneMatch.Count == 0 ? Answers.SendAsync(context, 200, "body", ("ETag", "\"1\""))
            : Answers.SendAsync(context, fails ? 500 : 304, "", ("ETag", "\"1\"")));
        await using var proxy = await stores.StartAsync(
            store, api.Address, (Policy + "StaleIfError", "1h"), (Policy + "StaleWhileRevalidate", "1h"), (Policy + "MemoryTtl", "1s"));
        await StoreAsync(proxy, Customer);

        // A Redis that was emptied is taken for a new one: for as long as a lease, a purge waits for copies that it may know nothing of.
        var purge = await proxy.AdministerAsync(HttpMethod.Post, "/purges", """{"policy":"customer","key":"demo:customer:1","mode":"Soft"}""");
        var id = JsonDocument.Parse(purge.Text).RootElement.GetProperty("id").GetString();
        await Eventually.TrueAsync(async () => State(await proxy.AdministerAsync(HttpMethod.Get, $"/purges/{id}")) == "done");

        var inPlace = await proxy.AskAsync(Customer, ("Cache-Control", "max-stale=1000"));
        Assert.Equal((200, "body"), (inPlace.Status, inPlace.Text));
        Assert.Contains("stale-if-error", inPlace.CacheStatus, StringComparison.Ordinal);
        fails = false;
        var validated = await proxy.AskAsync(Customer);
        Assert.Equal((200, "body"), (validated.Status, validated.Text));
        Assert.Contains("fwd=stale; fwd-status=304", validated.CacheStatus, StringComparison.Ordinal);
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task An_encrypted_entry_is_purged_softly_as_any_other()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Convert.ToBase64String(new byte[32]), TestContext.Current.CancellationToken);
        await using var api = await StubApi.StartAsync(context =>
            context.Request.Headers.IfNoneMatch.Count == 0
                ? Answers.SendAsync(context, 200, "body", ("ETag", "\"1\"")) : Answers.SendAsync(context, 304, "", ("ETag", "\"1\"")));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, (Policy + "Encrypt", "true"), ("CacheProxy:Encryption:KeyFiles", file));
        await StoreAsync(proxy, Customer);

        await proxy.AdministerAsync(HttpMethod.Post, "/purges", """{"tenant":"demo","mode":"Soft"}""");

        Assert.Contains("fwd-status=304", (await proxy.AskAsync(Customer)).CacheStatus, StringComparison.Ordinal);
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        File.Delete(file);
    }

    [Theory]
    [InlineData("Hard")]
    [InlineData("Soft")]
    public async Task A_fill_under_way_is_not_stored_after_a_purge_of_its_policy(string mode)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            await gate.PassAsync();
            await Answers.SendAsync(context, 200, "old");
        });
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        var reading = proxy.AskAsync(Customer);
        await gate.ReachedAsync();

        Assert.Equal("done", State(await proxy.AdministerAsync(HttpMethod.Post, "/purges", $$"""{"policy":"customer","mode":"{{mode}}"}""")));

        gate.Open();
        await reading;
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory, """{"policy":"pet"}""")]
    [InlineData(StoreKind.Redis, """{"policy":"pet"}""")]
    [InlineData(StoreKind.Redis, """{"policy":"pet","key":"demo:pet:7","mode":"Soft"}""")]
    public async Task What_contains_a_purged_resource_goes_with_it_even_where_the_resource_itself_is_not_stored(StoreKind store, string purge)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("""{"pets":[{"id":7}]}""", ("Content-Type", "application/json")));
        await using var proxy = await stores.StartAsync(store, api.Address, PetScene.Settings);
        await StoreAsync(proxy, Customer);

        Assert.Equal(200, (await proxy.AdministerAsync(HttpMethod.Post, "/purges", purge)).Status);

        Assert.False((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task The_same_id_names_the_same_purge_and_an_erasure_says_how_far_it_is()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address);
        await StoreAsync(proxy, Customer);

        Assert.Equal(200, (await proxy.AdministerAsync(HttpMethod.Post, "/purges", """{"tenant":"demo","id":"mine-1"}""")).Status);
        await StoreAsync(proxy, Customer);
        var again = await proxy.AdministerAsync(HttpMethod.Post, "/purges", """{"tenant":"demo","id":"mine-1"}""");
        Assert.Equal((200, "mine-1"), (again.Status, Member(again, "id")));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(409, (await proxy.AdministerAsync(HttpMethod.Post, "/purges", """{"tenant":"else","id":"mine-1"}""")).Status);

        var erasure = await proxy.AdministerAsync(HttpMethod.Post, "/erasures", """{"tenant":"demo"}""");
        Assert.Equal(("done", "erasure", "1"), (State(erasure), Member(erasure, "kind"), Member(erasure, "resources")));
        Assert.False((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal("done", State(await proxy.AdministerAsync(HttpMethod.Get, $"/erasures/{Member(erasure, "id")}")));
        Assert.Equal(404, (await proxy.AdministerAsync(HttpMethod.Get, "/purges/another")).Status);
        await Eventually.TrueAsync(() => proxy.Log.Messages.Any(static message =>
            message.Contains("\"POST\" \"/purges\", \"hard purge by tenant tenant demo\"; answered 200", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_erasure_drops_what_was_noted_of_the_tenants_requests()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, ("CacheProxy:Telemetry:Tenants", "5"));
        await proxy.AskAsync(Customer, ("Cache-Control", "no-store"));
        var metrics = new Uri(proxy.Management, "/metrics").AbsoluteUri;
        var refusals = new Uri(proxy.Management, "/refusals?policy=customer").AbsoluteUri;
        Assert.Contains("tenant=\"demo\"", (await proxy.AskAsync(metrics)).Text, StringComparison.Ordinal);
        Assert.Contains("\"tenant\": \"demo\"", (await proxy.AskAsync(refusals)).Text, StringComparison.Ordinal);

        await proxy.AdministerAsync(HttpMethod.Post, "/erasures", """{"tenant":"demo"}""");

        Assert.DoesNotContain("tenant=\"demo\"", (await proxy.AskAsync(metrics)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("demo", (await proxy.AskAsync(refusals)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"policy":"customer","key":"demo:customer:1"}""")]
    [InlineData("""{"tenant":"demo"}""")]
    [InlineData("""{"policy":"customer","mode":"Soft"}""")]
    public async Task Without_Redis_nothing_is_claimed(string purge)
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9", redis: "127.0.0.1:1", waitsForRedis: false);

        var answer = await proxy.AdministerAsync(HttpMethod.Post, "/purges", purge);

        Assert.Equal((503, "application/problem+json"), (answer.Status, answer["Content-Type"]));
        using var problem = JsonDocument.Parse(answer.Text);
        Assert.Equal("incomplete", problem.RootElement.GetProperty("purge").GetProperty("state").GetString());
    }

    [Fact]
    public async Task What_cannot_be_understood_purges_nothing_and_is_not_quoted()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address);
        await StoreAsync(proxy, Customer);
        string[] wrong =
        [
            """{}""", """[]""", """{"policy":"secret"}""", """{"policy":"customer","kee":"demo:customer:1"}""", """{"policy":"customer","key":"secret:1"}""",
            """{"tenant":"se cret"}""", """{"tenant":"demo","key":"demo:customer:1"}""", """{"url":"/api/customers/1","tenant":"demo"}""",
            """{"url":"http://any.test/secret","tenant":"demo"}""", """{"url":"http://any.test/api/customers/1"}""", """{"tag":"x","tenant":"demo","mode":"Soft"}""",
            """{"tenant":"demo","mode":"soft"}""", """{"tenant":null}""", """{"tenant":"demo"}x""",
        ];

        foreach (var purge in wrong)
        {
            var answer = await proxy.AdministerAsync(HttpMethod.Post, "/purges", purge);
            Assert.True(answer.Status == 400, $"{purge}: {answer.Status} {answer.Text}");
            Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        }

        Assert.True((await proxy.AskAsync(Customer)).IsHit);
    }

    internal static string State(ClientAnswer answer) => Member(answer, "state");

    private static string Member(ClientAnswer answer, string name)
    {
        using var run = JsonDocument.Parse(answer.Text);
        return run.RootElement.GetProperty(name).ToString();
    }

    private static async Task<ClientAnswer> AskAsync(ProxyUnderTest proxy, string target, string tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(proxy.Address, target));
        request.Headers.Add("X-Tenant-Subdomain", tenant);
        using var client = new HttpClient();
        return await ClientAnswer.ReadAsync(client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>The first response with a tag that nobody has seen is not stored.</summary>
    private static Task StoreAsync(ProxyUnderTest proxy, string target, string tenant = "") => Eventually.TrueAsync(async () =>
        (tenant.Length == 0 ? await proxy.AskAsync(target) : await AskAsync(proxy, target, tenant)).IsHit);
}
