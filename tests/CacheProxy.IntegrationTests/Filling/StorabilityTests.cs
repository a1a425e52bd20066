using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>What is never stored, and what Cache-Status says instead.</summary>
public sealed class StorabilityTests
{
    private static readonly (string, string?)[] TenBytes = [("CacheProxy:Policies:customer:MaxBodyBytes", "10")];

    [Theory]
    [InlineData("Set-Cookie", "session=1", "set-cookie")]
    [InlineData("Cache-Control", "no-store", "no-store")]
    [InlineData("Cache-Control", "max-age=60, No-Store", "no-store")]
    [InlineData("Cache-Control", "private", "private")]
    [InlineData("Cache-Control", "private, max-age=60", "private")]
    [InlineData("Vary", "*", "vary-any")]
    [InlineData("Vary", "Accept, *", "vary-any")]
    public async Task A_response_with_this_header_is_not_stored(string header, string value, string detail)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered((header, value)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("1", "2"), (first.Text, second.Text));
        Assert.Equal(value, second[header]);
        Assert.Equal($"cacheproxy; fwd=uri-miss; fwd-status=200; detail={detail}", second.CacheStatus);
    }

    [Theory]
    [InlineData(201)]
    [InlineData(203)]
    [InlineData(204)]
    [InlineData(206)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Only_200_is_stored(int status)
    {
        await using var api = await StubApi.StartAsync(Answers.Status(status, "x", ("Cache-Control", "max-age=60")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((status, status == 204 ? "" : "x"), (second.Status, second.Text));
        var detail = status == 206 ? "partial-content" : "status";
        Assert.Equal($"cacheproxy; fwd=uri-miss; fwd-status={status}; detail={detail}", second.CacheStatus);
        Assert.Equal(2, api.Requests.Count);
    }

    [Theory]
    [InlineData(20 * 1024, null, true)]
    [InlineData(40 * 1024, null, false)]
    [InlineData(40 * 1024, "65536", true)]
    [InlineData(300, "200", false)]
    public async Task Headers_above_the_limit_are_passed_on_and_not_stored(int length, string? limit, bool isStored)
    {
        var value = new string('x', length);
        await using var api = await StubApi.StartAsync(Answers.Numbered(("X-Long", value)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:MaxHeaderBytes", limit)]);

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("1", isStored ? "1" : "2"), (first.Text, second.Text));
        Assert.Equal(value, second["X-Long"]);
        Assert.Equal(isStored ? "cacheproxy; fwd=uri-miss; fwd-status=200; stored" : "cacheproxy; fwd=uri-miss; fwd-status=200; detail=headers-too-large", first.CacheStatus);
    }

    [Fact]
    public async Task A_policy_may_add_status_codes_with_a_freshness_of_their_own()
    {
        await using var api = await StubApi.StartAsync(Answers.Status(404, "none"));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address,
            [("CacheProxy:Policies:customer:StatusCodes:0", "404"), ("CacheProxy:Policies:customer:NegativeTtl", "00:00:10")]);

        await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((404, "none", true), (second.Status, second.Text, second.IsHit));
    }

    [Fact]
    public async Task A_request_with_no_store_neither_reads_nor_stores()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var first = await proxy.AskAsync("/api/customers/1", ("Cache-Control", "no-store"));
        await proxy.AskAsync("/api/customers/1");
        var third = await proxy.AskAsync("/api/customers/1", ("Cache-Control", "no-store"));
        var fourth = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("1", "3", "2"), (first.Text, third.Text, fourth.Text));
        Assert.Equal("cacheproxy; fwd=request; fwd-status=200; detail=request-no-store", third.CacheStatus);
        Assert.True(fourth.IsHit);
    }

    [Fact]
    public async Task A_body_that_is_declared_too_large_is_passed_on_and_not_stored()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("12345678901"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, TenBytes);

        await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal("12345678901", second.Text);
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; detail=body-too-large", second.CacheStatus);
    }

    [Fact]
    public async Task A_body_that_turns_out_too_large_is_passed_on_and_not_stored()
    {
        await using var api = await StubApi.StartAsync(static async context =>
        {
            foreach (var part in new[] { "12345", "67890", "1" })
            {
                await context.Response.WriteAsync(part);
                await context.Response.Body.FlushAsync();
            }
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, TenBytes);

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("12345678901", "12345678901"), (first.Text, second.Text));
        Assert.False(second.IsHit);
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task A_body_of_just_the_limit_is_stored()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("1234567890"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, TenBytes);

        await proxy.AskAsync("/api/customers/1");

        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override: GET\r\n", "method", "method-override")]
    [InlineData("X-Original-URL: /api/customers/2\r\n", "bypass", "target-override")]
    [InlineData("X-Rewrite-URL: /api/customers/2\r\n", "bypass", "target-override")]
    [InlineData("Content-Length: 2\r\n", "bypass", "request-body")]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\n", "bypass", "upgrade")]
    public async Task A_request_that_the_API_may_take_for_another_is_forwarded(string headers, string fwd, string detail)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync("/api/customers/1");

        await using var connection = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        var body = headers.StartsWith("Content-Length", StringComparison.Ordinal) ? "{}" : "";
        await connection.WriteAsync($"GET /api/customers/1 HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\n{headers}\r\n{body}");
        var answer = await connection.ReadResponseAsync();

        Assert.Equal("2", answer.Content);
        Assert.Equal([$"cacheproxy; fwd={fwd}; fwd-status=200; detail={detail}"], answer.Values("Cache-Status"));
    }

    [Fact]
    public async Task Other_safe_methods_are_forwarded()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var answer = await proxy.AskAsync(HttpMethod.Options, "/api/customers/1");

        Assert.Equal("cacheproxy; fwd=method; fwd-status=200; detail=method", answer.CacheStatus);
    }
}
