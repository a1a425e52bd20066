using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>Which writes evict the customer, and which do not.</summary>
public sealed class EvictionTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";

    [Theory]
    [InlineData(StoreKind.Memory, "PUT")]
    [InlineData(StoreKind.Memory, "PATCH")]
    [InlineData(StoreKind.Memory, "DELETE")]
    [InlineData(StoreKind.Redis, "PUT")]
    [InlineData(StoreKind.Redis, "PATCH")]
    [InlineData(StoreKind.Redis, "DELETE")]
    public async Task A_successful_write_evicts(StoreKind store, string method)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(store, api.Address);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync("/api/customers/2");

        var write = await proxy.AskAsync(new HttpMethod(method), Customer);

        Assert.Equal(("3", null), (write.Text, write["Cache-Status"]));
        Assert.Equal("4", (await proxy.AskAsync(Customer)).Text);
        Assert.True((await proxy.AskAsync("/api/customers/2")).IsHit);
    }

    [Theory]
    [InlineData("POST", "/api/customers")]
    [InlineData("POST", "/api/customers/search")]
    [InlineData("POST", Customer)]
    [InlineData("PUT", "/api/customers/2")]
    [InlineData("PUT", "/other/1")]
    [InlineData("GET", "/api/customers/1/pets")]
    [InlineData("HEAD", Customer)]
    [InlineData("OPTIONS", Customer)]
    [InlineData("PROPFIND", "/api/customers/1/pets")]
    [InlineData("REPORT", "/api/customers/1/pets")]
    [InlineData("SEARCH", "/api/customers/1/pets")]
    [InlineData("QUERY", "/api/customers/1/pets")]
    public async Task This_evicts_nothing(string method, string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Customer);

        await proxy.AskAsync(new HttpMethod(method), target);

        Assert.True((await proxy.AskAsync(Customer)).IsHit);
    }

    [Theory]
    [InlineData("POST", "/api/customers/1/pets")]
    [InlineData("PUT", "/api/customers/1/pets/7")]
    [InlineData("DELETE", "/API/Customers/%31/pets/7/photo")]
    public async Task A_write_on_a_route_with_Evicts_evicts_the_customer_that_it_names(string method, string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync(Customer);
        await proxy.AskRawAsync("/api/customers/2");

        await proxy.AskRawAsync(target, method: method);

        Assert.Equal("4", (await proxy.AskRawAsync(Customer)).Content);
        Assert.Equal("2", (await proxy.AskRawAsync("/api/customers/2")).Content);
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(401, true)]
    [InlineData(403, true)]
    [InlineData(409, true)]
    [InlineData(412, true)]
    [InlineData(422, true)]
    [InlineData(429, true)]
    [InlineData(200, false)]
    [InlineData(201, false)]
    [InlineData(202, false)]
    [InlineData(204, false)]
    [InlineData(303, false)]
    [InlineData(304, false)]
    [InlineData(404, false)]
    [InlineData(410, false)]
    [InlineData(500, false)]
    [InlineData(502, false)]
    [InlineData(503, false)]
    [InlineData(504, false)]
    public async Task The_APIs_answer_decides(int status, bool kept)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Customer);
        api.Handler = Answers.Status(status, "x");

        Assert.Equal(status, (await proxy.AskAsync(HttpMethod.Put, Customer)).Status);

        api.Handler = Answers.Body("later");
        var read = await proxy.AskAsync(Customer);
        Assert.Equal((kept, kept ? "1" : "later"), (read.IsHit, read.Text));
    }

    [Fact]
    public async Task A_kept_entry_keeps_its_lifetime()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("x"));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        await proxy.AskAsync(Customer);
        api.Handler = Answers.Status(409, "conflict");

        await proxy.AskAsync(HttpMethod.Put, Customer);

        Assert.InRange(await stores.Redis.NumberAsync("TTL", "demo:customer:1"), 290, 300);
        Assert.Equal(["body", "meta"], await stores.Redis.FieldsAsync("demo:customer:1"));
    }

    [Theory]
    [InlineData(StoreKind.Memory, 0)]
    [InlineData(StoreKind.Memory, 5)]
    [InlineData(StoreKind.Memory, null)]
    [InlineData(StoreKind.Redis, 5)]
    [InlineData(StoreKind.Redis, null)]
    public async Task Who_has_the_answer_to_a_write_whole_reads_from_the_API(StoreKind store, int? declared)
    {
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.Response.ContentLength = declared;
            await (declared == 0 ? Task.CompletedTask : context.Response.WriteAsync("12345"));
        });
        await using var proxy = await stores.StartAsync(store, api.Address);

        for (var i = 0; i < 20; i++)
        {
            await proxy.AskAsync(Customer);
            await proxy.AskAsync(HttpMethod.Put, Customer);
            Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", (await proxy.AskAsync(Customer)).CacheStatus);
        }
    }

    [Fact]
    public async Task Before_the_client_has_the_last_byte_the_eviction_is_done_and_until_then_nobody_is_served()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(Answers.Body("old"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Customer);
        api.Handler = async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await context.Response.WriteAsync("new");
                return;
            }

            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("a");
            await context.Response.Body.FlushAsync();
            await gate.PassAsync();
            await context.Response.WriteAsync("b");
        };
        await using var writer = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        await writer.WriteAsync($"DELETE {Customer} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await writer.ReadHeadAsync();
        await writer.ReadThroughAsync("a");

        var during = await proxy.AskAsync(Customer);
        gate.Open();
        await writer.ReadThroughAsync("b");
        var after = await proxy.AskAsync(Customer);

        Assert.Equal(("new", "cacheproxy; fwd=miss; fwd-status=200; detail=write-under-way"), (during.Text, during.CacheStatus));
        Assert.Equal(("new", "cacheproxy; fwd=uri-miss; fwd-status=200; stored"), (after.Text, after.CacheStatus));
    }

    [Fact]
    public async Task A_policy_says_which_methods_evict()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:EvictOn:0", "*")]);

        foreach (var method in new[] { "POST", "PROPPATCH", "PUT" })
        {
            await proxy.AskAsync(Customer);
            await proxy.AskAsync(new HttpMethod(method), Customer);
            Assert.False((await proxy.AskAsync(Customer)).IsHit);
        }
    }
}
