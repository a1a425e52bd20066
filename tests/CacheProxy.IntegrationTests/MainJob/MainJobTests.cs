using CacheProxy.IntegrationTests.Harness;
using WireMock.ResponseBuilders;
using Xunit;

namespace CacheProxy.IntegrationTests.MainJob;

/// <summary>What CacheProxy is for, in front of an API that it did not come with, on either store.</summary>
public sealed class MainJobTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>, IDisposable
{
    private const string Customer = "/api/customers/123";
    private const string Key = "demo:customer:123";

    private readonly MockedApi _api = new();

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task The_first_read_is_a_miss_and_every_later_one_a_hit_that_the_API_does_not_see(StoreKind store)
    {
        _api.AnswerWithVersions("GET", Customer);
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var miss = await proxy.AskAsync(Customer);
        var hit = await proxy.AskAsync(Customer);
        var another = await proxy.AskAsync(Customer);

        Assert.Equal((200, """{"version":1}""", "application/json", false), (miss.Status, miss.Text, miss["Content-Type"], miss.IsHit));
        Assert.Equal((200, """{"version":1}""", "application/json", true), (hit.Status, hit.Text, hit["Content-Type"], hit.IsHit));
        Assert.True(another.IsHit);
        Assert.Equal(["GET " + Customer], _api.Reached);
    }

    [Theory]
    [InlineData(StoreKind.Memory, "PUT")]
    [InlineData(StoreKind.Memory, "PATCH")]
    [InlineData(StoreKind.Redis, "PUT")]
    [InlineData(StoreKind.Redis, "PATCH")]
    public async Task An_update_reaches_the_API_and_evicts(StoreKind store, string method)
    {
        _api.AnswerWithVersions("GET", Customer);
        _api.Answer(method, Customer, Response.Create().WithStatusCode(200).WithBody("updated"));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);

        using var content = new StringContent("""{"name":"new"}""");
        using var update = await proxy.Client.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), Customer) { Content = content }, TestContext.Current.CancellationToken);
        var afterwards = await proxy.AskAsync(Customer);

        Assert.Equal(200, (int)update.StatusCode);
        Assert.Equal("updated", await update.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal((false, """{"version":2}"""), (afterwards.IsHit, afterwards.Text));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(["GET " + Customer, $"{method} {Customer}", "GET " + Customer], _api.Reached);
        Assert.Equal("""{"name":"new"}""", _api.Log.ElementAt(1).Body);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_has_been_deleted_is_not_served_any_more(StoreKind store)
    {
        _api.AnswerWithVersions("GET", Customer);
        _api.Answer("DELETE", Customer, Response.Create().WithStatusCode(204));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);
        await proxy.AskAsync(Customer);

        var delete = await proxy.AskAsync(HttpMethod.Delete, Customer);
        _api.Answer("GET", Customer, Response.Create().WithStatusCode(404).WithBody("gone"));
        var afterwards = await proxy.AskAsync(Customer);

        Assert.Equal(204, delete.Status);
        Assert.Equal((404, "gone"), (afterwards.Status, afterwards.Text));
        Assert.Equal(["GET " + Customer, "DELETE " + Customer, "GET " + Customer], _api.Reached);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_new_customer_evicts_nothing(StoreKind store)
    {
        _api.AnswerWithVersions("GET", Customer);
        _api.Answer("POST", "/api/customers", Response.Create().WithStatusCode(201).WithHeader("Location", "/api/customers/124"));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);
        await proxy.AskAsync(Customer);

        var created = await proxy.AskAsync(HttpMethod.Post, "/api/customers");

        Assert.Equal((201, "/api/customers/124"), (created.Status, created["Location"]));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(["GET " + Customer, "POST /api/customers"], _api.Reached);
    }

    [Theory]
    [InlineData(StoreKind.Memory, "/api/customers")]
    [InlineData(StoreKind.Memory, "/api/customers/search?name=a%20b")]
    [InlineData(StoreKind.Redis, "/api/customers")]
    [InlineData(StoreKind.Redis, "/api/customers/search?name=a%20b")]
    public async Task Lists_and_searches_pass_and_leave_nothing(StoreKind store, string target)
    {
        _api.AnswerWithVersions("GET", target.Split('?')[0]);
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var first = await proxy.AskAsync(target);
        var second = await proxy.AskAsync(target);

        Assert.Equal(("""{"version":1}""", """{"version":2}"""), (first.Text, second.Text));
        Assert.Null(second["Cache-Status"]);
        Assert.Equal(["GET " + target, "GET " + target], _api.Reached);
        Assert.True(store == StoreKind.Memory || await stores.Redis.NumberAsync("DBSIZE") == 0, "Something is in Redis.");
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Tenants_that_a_header_names_are_kept_apart(StoreKind store)
    {
        _api.AnswerWithVersions("GET", Customer);
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        foreach (var (tenant, version) in new[] { ("one", 1), ("two", 2), ("one", 1), ("two", 2) })
        {
            var answer = await proxy.AskRawAsync(Customer, $"X-Tenant-Subdomain: {tenant}\r\n");
            Assert.Equal($$"""{"version":{{version}}}""", answer.Content);
        }

        Assert.Equal(["one", "two"], _api.Log.Select(static request => request.Headers!["X-Tenant-Subdomain"].Single()));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Tenants_that_the_host_names_are_kept_apart(StoreKind store)
    {
        _api.AnswerWithVersions("GET", Customer);
        await using var proxy = await stores.StartShippedAsync(store, _api.Address, ("CacheProxy:Tenant:BaseDomains:0", "example.com"));

        foreach (var (tenant, version) in new[] { ("one", 1), ("two", 2), ("one", 1), ("two", 2) })
        {
            var answer = await proxy.AskRawAsync(Customer, "", host: tenant + ".example.com");
            Assert.Equal($$"""{"version":{{version}}}""", answer.Content);
        }

        Assert.Equal(["one.example.com", "two.example.com"], _api.Log.Select(static request => request.Headers!["Host"].Single()));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_404_is_passed_on_as_the_API_gave_it_and_not_stored(StoreKind store)
    {
        _api.Answer("GET", Customer, Response.Create()
            .WithStatusCode(404)
            .WithHeader("Content-Type", "application/problem+json")
            .WithHeader("X-Trace", "abc")
            .WithBody("""{"title":"no such customer"}"""));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var first = await proxy.AskAsync(Customer);
        var second = await proxy.AskAsync(Customer);

        Assert.All([first, second], static answer => Assert.Equal(
            (404, """{"title":"no such customer"}""", "application/problem+json", "abc", false),
            (answer.Status, answer.Text, answer["Content-Type"], answer["X-Trace"], answer.IsHit)));
        Assert.Equal(["GET " + Customer, "GET " + Customer], _api.Reached);
    }

    [Fact]
    public async Task In_Redis_there_is_one_key_a_customer_from_the_miss_to_the_update()
    {
        _api.AnswerWithVersions("GET", Customer);
        _api.Answer("PUT", Customer, Response.Create().WithStatusCode(204));
        await using var proxy = await stores.StartShippedAsync(StoreKind.Redis, _api.Address);

        await proxy.AskAsync(Customer);
        Assert.Equal("""{"version":1}""", await stores.Redis.TextAsync("HGET", Key, "body"));

        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", Key));
    }

    public void Dispose() => _api.Dispose();
}
