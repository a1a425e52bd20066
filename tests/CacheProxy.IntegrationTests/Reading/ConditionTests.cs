using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>A client's own conditions, answered from what is stored.</summary>
public sealed class ConditionTests
{
    private const string Modified = "Mon, 24 Nov 2025 03:00:00 GMT";

    [Theory]
    [InlineData("If-None-Match", "\"a\"", 304)]
    [InlineData("If-None-Match", "W/\"a\"", 304)]
    [InlineData("If-None-Match", "\"x\", \"a\", \"y\"", 304)]
    [InlineData("If-None-Match", "*", 304)]
    [InlineData("If-None-Match", "\"b\"", 200)]
    [InlineData("If-None-Match", "\"b\", W/\"c\"", 200)]
    [InlineData("If-Modified-Since", Modified, 304)]
    [InlineData("If-Modified-Since", "Mon, 24 Nov 2025 03:00:01 GMT", 304)]
    [InlineData("If-Modified-Since", "Mon, 24 Nov 2025 02:59:59 GMT", 200)]
    [InlineData("If-Modified-Since", "yesterday", 200)]
    public async Task A_strong_validator(string header, string value, int status)
    {
        await using var api = await StubApi.StartAsync(
            Answers.Body("body", ("ETag", "\"a\""), ("Last-Modified", Modified), ("Content-Type", "text/plain"), ("X-Kept", "1")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        var answer = await proxy.AskAsync("/api/customers/1", (header, value));

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 304 ? "" : "body", answer.Text);
        Assert.Equal(("\"a\"", "1"), (answer["ETag"], answer["X-Kept"]));
        Assert.True(answer.IsHit);
        Assert.Single(api.Requests);
    }

    [Theory]
    [InlineData("\"a\"", 304)]
    [InlineData("W/\"a\"", 304)]
    [InlineData("W/\"b\"", 200)]
    public async Task A_weak_validator(string value, int status)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("ETag", "W/\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        Assert.Equal(status, (await proxy.AskAsync("/api/customers/1", ("If-None-Match", value))).Status);
        Assert.Equal(status, (await proxy.AskAsync(HttpMethod.Head, "/api/customers/1", ("If-None-Match", value))).Status);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task If_None_Match_makes_If_Modified_Since_void()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("ETag", "\"a\""), ("Last-Modified", Modified)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        var answer = await proxy.AskAsync("/api/customers/1", ("If-None-Match", "\"b\""), ("If-Modified-Since", Modified));

        Assert.Equal((200, "body"), (answer.Status, answer.Text));
    }

    [Theory]
    [InlineData("If-Match", "\"a\"")]
    [InlineData("If-Unmodified-Since", Modified)]
    public async Task A_precondition_is_for_the_API_to_judge(string header, string value)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        var answer = await proxy.AskAsync("/api/customers/1", (header, value));

        Assert.Equal("cacheproxy; fwd=request; fwd-status=200; detail=precondition", answer.CacheStatus);
        Assert.Equal(2, api.Requests.Count);
    }

    [Theory]
    [InlineData("If-None-Match", "\"a\"", 304)]
    [InlineData("If-None-Match", "\"b\"", 200)]
    [InlineData("If-Modified-Since", Modified, 304)]
    public async Task On_a_miss_the_whole_response_is_fetched_and_stored_and_the_client_answered(string header, string value, int status)
    {
        var conditional = 0;
        await using var api = await StubApi.StartAsync(context =>
        {
            conditional += context.Request.Headers.IfNoneMatch.Count + context.Request.Headers.IfModifiedSince.Count;
            return Answers.SendAsync(context, 200, "body", ("ETag", "\"a\""), ("Last-Modified", Modified));
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var first = await proxy.AskAsync("/api/customers/1", (header, value));
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((status, status == 304 ? "" : "body"), (first.Status, first.Text));
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", first.CacheStatus);
        Assert.Equal((true, "body"), (second.IsHit, second.Text));
        Assert.Equal(0, conditional);
    }

    [Fact]
    public async Task A_condition_on_an_unstorable_response_is_answered_with_that_response()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("ETag", "\"a\""), ("Cache-Control", "no-store")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var answer = await proxy.AskAsync("/api/customers/1", ("If-None-Match", "\"b\""));

        Assert.Equal((200, "body"), (answer.Status, answer.Text));
    }
}
