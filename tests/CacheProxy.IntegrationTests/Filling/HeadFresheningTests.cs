using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>RFC 9111 §4.3.5: an answer to HEAD freshens a body only with evidence that it is still that body.</summary>
public sealed class HeadFresheningTests
{
    private const string Modified = "Mon, 24 Nov 2025 03:00:00 GMT";
    private static readonly TimeSpan MostOfItsLife = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData("", "")]
    [InlineData("ETag: \"a\"", "")]
    // Equal dates beside an ETag that only one of the two has: the body may be another.
    [InlineData("ETag: \"a\"|Last-Modified: " + Modified, "Last-Modified: " + Modified)]
    public async Task An_answer_of_the_same_length_without_the_validator_keeps_no_old_body_alive(string got, string headed)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answering("old", got, "max-age=10"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        api.Handler = Answering("new", headed, "max-age=10");

        time.Advance(MostOfItsLife);
        await proxy.AskAsync(HttpMethod.Head, "/api/customers/1", ("Cache-Control", "no-cache"));
        time.Advance(MostOfItsLife);

        Assert.Equal("new", (await proxy.AskAsync("/api/customers/1")).Text);
    }

    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"a\"")]
    [InlineData("ETag: W/\"a\"", "ETag: W/\"a\"")]
    [InlineData("Last-Modified: " + Modified, "Last-Modified: " + Modified)]
    public async Task One_with_the_same_validator_freshens(string got, string headed)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answering("body", got, "max-age=10"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        api.Handler = Answering("body", headed, "max-age=10");

        time.Advance(MostOfItsLife);
        await proxy.AskAsync(HttpMethod.Head, "/api/customers/1", ("Cache-Control", "no-cache"));
        time.Advance(MostOfItsLife);

        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData("", "longer", "")]
    [InlineData("ETag: \"a\"", "longer", "ETag: \"a\"")]
    [InlineData("ETag: \"a\"", "same", "ETag: \"b\"")]
    [InlineData("Last-Modified: " + Modified, "same", "Last-Modified: Mon, 24 Nov 2025 03:00:01 GMT")]
    public async Task One_with_another_length_or_validator_ends_what_is_stored(string got, string body, string headed)
    {
        await using var api = await StubApi.StartAsync(Answering("body", got, "max-age=100, stale-if-error=100"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");
        api.Handler = Answering(body, headed, "max-age=100");

        await proxy.AskAsync(HttpMethod.Head, "/api/customers/1", ("Cache-Control", "no-cache"));

        Assert.Equal((false, body), await HitAndTextAsync(proxy));
        Assert.Equal((true, body), await HitAndTextAsync(proxy));
    }

    [Theory]
    [InlineData(304)]
    [InlineData(405)]
    [InlineData(500)]
    public async Task One_of_another_status_says_nothing(int status)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("Cache-Control", "max-age=100")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");
        api.Handler = Answers.Status(status, "another length");

        await proxy.AskAsync(HttpMethod.Head, "/api/customers/1", ("Cache-Control", "no-cache"));

        Assert.Equal((true, "body"), await HitAndTextAsync(proxy));
    }

    private static async Task<(bool IsHit, string Text)> HitAndTextAsync(ProxyUnderTest proxy)
    {
        var answer = await proxy.AskAsync("/api/customers/1");
        return (answer.IsHit, answer.Text);
    }

    private static RequestDelegate Answering(string body, string lines, string cacheControl) => Answers.Body(
        body,
        [
            ("Cache-Control", cacheControl),
            .. lines.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(": ", 2)).Select(static parts => (parts[0], parts[1])),
        ]);
}
