using CacheProxy.IntegrationTests.Harness;
using Xunit;
using static CacheProxy.IntegrationTests.Reading.ContentRequests;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>A POST where the policy says that it reads, and what is a write all the same.</summary>
public sealed class PostReadTests
{
    [Fact]
    public async Task A_POST_that_reads_evicts_nothing_whatever_its_answer_and_its_route_name()
    {
        await using var api = await StubApi.StartAsync(static context => EchoAsync(context, ("Location", Target), ("Content-Location", Target)));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address,
            [
                .. Reads, ("CacheProxy:Policies:customer:Key", "{tenant}:{path}"), ("ReverseProxy:Routes:customer:Metadata:Evicts", "customer"),
            ]);
        await proxy.AskAsync(Target);

        await AskAsync(proxy, "POST", "1");

        Assert.True((await proxy.AskAsync(Target)).IsHit);
    }

    [Theory]
    [InlineData("""{"_method":"DELETE"}""", Json, "")]
    [InlineData("_method=DELETE", "application/x-www-form-urlencoded", "")]
    [InlineData("--x--", "multipart/form-data; boundary=x", "")]
    [InlineData("{}", Json, "X-HTTP-Method-Override: DELETE")]
    [InlineData("{}", Json, "X-HTTP-Method-Override: GET")]
    [InlineData("{}", Json, "X-Original-URL: /api/customers/1")]
    [InlineData("{}", Json, "Destination: /api/customers/1")]
    [InlineData("{}", Json, "Content-Encoding: gzip")]
    public async Task A_POST_that_may_be_taken_for_a_write_is_one(string content, string type, string line)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads);
        await proxy.AskAsync(Target);

        var answer = await SendAsync(proxy, "POST", content, type, line.Length == 0 ? [] : [(line.Split(": ")[0], line.Split(": ")[1])]);

        Assert.Equal(("POST " + content, ""), (answer.Text, answer.CacheStatus));
        Assert.False((await proxy.AskAsync(Target)).IsHit);
    }

    [Theory]
    [InlineData("If-None-Match", "\"a\"", "precondition")]
    [InlineData("Cache-Control", "no-store", "request-no-store")]
    [InlineData("Content_Type", Json, "")]
    public async Task A_POST_that_asks_for_more_than_a_read_is_forwarded(string name, string value, string detail)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads);
        await AskAsync(proxy, "POST", "1");

        var answer = await SendAsync(proxy, "POST", "1", "text/plain", (name, value));

        Assert.Equal("POST 1", answer.Text);
        Assert.EndsWith(detail, answer.CacheStatus);
        Assert.False(answer.IsHit);
    }
}
