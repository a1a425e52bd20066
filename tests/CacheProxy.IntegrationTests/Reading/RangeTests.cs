using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Parts of a stored response.</summary>
public sealed class RangeTests
{
    private const string Modified = "Mon, 24 Nov 2025 03:00:00 GMT";

    [Theory]
    [InlineData("bytes=0-3", 206, "0123", "bytes 0-3/10")]
    [InlineData("bytes=7-", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=-2", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=5-99999999999999999999", 206, "56789", "bytes 5-9/10")]
    [InlineData("bytes=10-", 416, "", "bytes */10")]
    [InlineData("bytes=-0", 416, "", "bytes */10")]
    [InlineData("bytes=0-1,4-5", 200, "0123456789", null)]
    [InlineData("bytes=3-1", 200, "0123456789", null)]
    [InlineData("lines=0-1", 200, "0123456789", null)]
    public async Task A_range(string range, int status, string body, string? contentRange)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("0123456789", ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        var answer = await proxy.AskAsync("/api/customers/1", ("Range", range));

        Assert.Equal((status, body, contentRange), (answer.Status, answer.Text, answer["Content-Range"]));
        Assert.Equal(body.Length.ToString(), answer["Content-Length"]);
        Assert.True(answer.IsHit);
        Assert.Single(api.Requests);
    }

    [Theory]
    [InlineData("\"a\"", 206)]
    [InlineData("\"b\"", 200)]
    [InlineData("W/\"a\"", 200)]
    [InlineData(Modified, 206)]
    [InlineData("Mon, 24 Nov 2025 02:00:00 GMT", 200)]
    public async Task A_range_only_if_unchanged(string ifRange, int status)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("0123456789", ("ETag", "\"a\""), ("Last-Modified", Modified)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        var answer = await proxy.AskAsync("/api/customers/1", ("Range", "bytes=0-3"), ("If-Range", ifRange));

        Assert.Equal((status, status == 206 ? "0123" : "0123456789"), (answer.Status, answer.Text));
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task A_range_of_something_that_is_not_stored_is_the_APIs_to_answer_and_stores_nothing()
    {
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Status(206, "0123", ("Content-Range", "bytes 0-3/10")), Answers.Body("0123456789")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var part = await proxy.AskAsync("/api/customers/1", ("Range", "bytes=0-3"));
        var whole = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((206, "0123"), (part.Status, part.Text));
        Assert.Equal("cacheproxy; fwd=miss; fwd-status=206; detail=range", part.CacheStatus);
        Assert.Equal((false, "0123456789"), (whole.IsHit, whole.Text));
    }

    [Fact]
    public async Task HEAD_ignores_a_range()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("0123456789"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");

        var head = await proxy.AskAsync(HttpMethod.Head, "/api/customers/1", ("Range", "bytes=0-3"));

        Assert.Equal((200, "10"), (head.Status, head["Content-Length"]));
    }
}
