using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>However a write spells the resource, it evicts what a read stored.</summary>
public sealed class WriteSpellingTests
{
    private const string Customer = "/api/customers/1";

    [Theory]
    [InlineData("/API/CUSTOMERS/1")]
    [InlineData("/api/customers/1/")]
    [InlineData("/api/customers/%31")]
    [InlineData("/%61pi/customers/1")]
    [InlineData("/api/customers/1?any=query")]
    [InlineData("http://api.test/api/customers/1")]
    // What a read of would be forwarded, some API takes for this very resource.
    [InlineData("/api//customers/1")]
    [InlineData("/api/./customers/1")]
    [InlineData("/api/x/../customers/1")]
    [InlineData("/api/customers/1;v=2")]
    [InlineData("/api/customers/1%20")]
    [InlineData("/api/customers%2F1")]
    [InlineData("/api/customers%5C1")]
    [InlineData("/api/customers/%2531")]
    [InlineData("/api/customers/1//")]
    public async Task A_write_to_this_target_evicts(string target)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync(Customer);

        await proxy.AskRawAsync(target, method: "PUT");

        Assert.Equal("3", (await proxy.AskRawAsync(Customer)).Content);
    }

    [Theory]
    [InlineData("POST", Customer, "X-HTTP-Method-Override: PUT")]
    [InlineData("POST", Customer, "X-HTTP-Method: DELETE")]
    [InlineData("POST", Customer, "X-Method-Override: patch")]
    [InlineData("GET", Customer, "X-HTTP-Method-Override: DELETE")]
    [InlineData("POST", Customer + "?_method=delete", "X-None: 1")]
    [InlineData("GET", Customer + "?a=1&%5Fmethod=PUT", "X-None: 1")]
    [InlineData("PUT", "/other", "X-Original-URL: /api/customers/1")]
    [InlineData("PUT", "/other", "X-Rewrite-URL: /api/customers/1?x=1")]
    [InlineData("POST", "/other", "X-Original-URL: /api/customers/1/pets")]
    [InlineData("COPY", "/other", "Destination: http://api.test/api/customers/1")]
    [InlineData("MOVE", "/api/customers/2", "Destination: /api/customers/1")]
    [InlineData("POST", Customer, "Content-Type: application/json; charset=utf-8")]
    [InlineData("POST", Customer, "Content-Type: application/vnd.api+json")]
    public async Task So_does_a_request_that_the_API_may_take_for_such_a_write(string method, string target, string header)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync(Customer);

        await proxy.AskRawAsync(target, $"X-Tenant-Subdomain: demo\r\n{header}\r\n", method);

        Assert.Equal("3", (await proxy.AskRawAsync(Customer)).Content);
    }

    [Theory]
    [InlineData("X-Tenant-Subdomain: DEMO\r\n", "api.test")]
    [InlineData("", "demo.example.com")]
    [InlineData("X-Tenant-Subdomain: demo\r\n", "other.example.com")]
    [InlineData("X-Tenant-Subdomain: other\r\n", "demo.example.com")]
    [InlineData("X-Tenant-Subdomain: other\r\nX-Tenant-Subdomain: demo\r\n", "api.test")]
    public async Task However_it_names_the_tenant(string headers, string host)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Tenant:BaseDomains:0", "example.com")]);
        await proxy.AskRawAsync(Customer);

        await proxy.AskRawAsync(Customer, headers, "PUT", host);

        Assert.Equal("3", (await proxy.AskRawAsync(Customer)).Content);
    }

    [Fact]
    public async Task A_write_of_another_tenant_evicts_nothing()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync(Customer);

        await proxy.AskRawAsync(Customer, "X-Tenant-Subdomain: other\r\n", "PUT");

        Assert.Equal("1", (await proxy.AskRawAsync(Customer)).Content);
    }
}
