using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>The response streams to the client while the copy is taken.</summary>
public sealed class StreamedFillTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_client_has_the_first_byte_before_the_API_sends_the_last(bool declared)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.Response.ContentLength = declared ? 2 : null;
            await context.Response.WriteAsync("a");
            await context.Response.Body.FlushAsync();
            await gate.PassAsync();
            await context.Response.WriteAsync("b");
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Address.Port);

        await client.WriteAsync("GET /api/customers/1 HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await client.ReadHeadAsync();
        await client.ReadThroughAsync("a");
        gate.Open();
        await client.ReadThroughAsync("b");

        Assert.Equal("ab", (await proxy.AskRawAsync("/api/customers/1")).Content);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task Who_has_the_last_byte_reads_a_hit()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        for (var i = 0; i < 50; i++)
        {
            await proxy.AskAsync($"/api/customers/{i}");
            Assert.True((await proxy.AskAsync($"/api/customers/{i}")).IsHit);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_has_the_last_byte_before_the_store_has_replied_still_reads_a_hit(bool declared)
    {
        var gate = new Gate();
        await using var redis = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(async context =>
        {
            await gate.PassAsync();
            context.Response.ContentLength = declared ? 1 : null;
            await context.Response.WriteAsync("a");
        });
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], redis.ConnectionString);
        var first = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();
        // Redis answers no script any more, so that nobody knows yet whether the entry is stored.
        await redis.SendAsync("CLIENT", "PAUSE", "600000", "WRITE");
        gate.Open();

        Assert.Equal("a", (await first).Text);
        var second = proxy.AskAsync("/api/customers/1");
        await redis.SendAsync("CLIENT", "UNPAUSE");

        Assert.True((await second).IsHit);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_up_neither_the_copy_nor_other_clients()
    {
        // More than the buffers of all sockets between the API and the client hold.
        const int Length = 32 * 1024 * 1024;
        await using var api = await StubApi.StartAsync(static context =>
        {
            context.Response.ContentLength = Length;
            return context.Response.Body.WriteAsync(new byte[Length]).AsTask();
        });
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:MaxBodyBytes", (64 * 1024 * 1024).ToString())]);
        await using var slow = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        await slow.WriteAsync($"GET /api/customers/1 HTTP/1.1\r\nHost: {proxy.Address.Authority}\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await slow.ReadHeadAsync();

        await Eventually.TrueAsync(() => proxy.Log.Messages.Contains("Customer cached"));
        var quick = await proxy.AskAsync("/api/customers/1");

        Assert.True(quick.IsHit);
        Assert.Equal(Length, quick.Bytes.Length);
        Assert.Equal(Length, (await slow.ReadAsync(Length)).Length);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task Nor_does_it_hold_up_the_next_fill()
    {
        const int Length = 32 * 1024 * 1024;
        await using var api = await StubApi.StartAsync(static context => context.Response.Body.WriteAsync(new byte[Length]).AsTask());
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:MaxBodyBytes", (64 * 1024 * 1024).ToString())]);
        await using var slow = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        await slow.WriteAsync("GET /api/customers/1 HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await slow.ReadHeadAsync();
        await proxy.Log.WaitForAsync("Customer cached");
        api.Handler = Answers.Body("new");
        await proxy.AskRawAsync("/api/customers/1", method: "PUT");

        var fill = await proxy.AskRawAsync("/api/customers/1");
        var hit = await proxy.AskRawAsync("/api/customers/1");

        Assert.Equal(("new", "cacheproxy; fwd=uri-miss; fwd-status=200; stored"), (fill.Content, fill.Values("Cache-Status")[0]));
        Assert.StartsWith("cacheproxy; hit", hit.Values("Cache-Status")[0], StringComparison.Ordinal);
    }
}
