using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>A stale entry with a validator is validated, not fetched again.</summary>
public sealed class ValidationTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Modified = "Mon, 24 Nov 2025 03:00:00 GMT";
    private static readonly TimeSpan PastFreshness = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData("ETag", "\"a\"", "If-None-Match")]
    [InlineData("ETag", "W/\"a\"", "If-None-Match")]
    [InlineData("Last-Modified", Modified, "If-Modified-Since")]
    public async Task The_API_is_asked_with_the_stored_validator_and_304_freshens_the_entry(string validator, string value, string condition)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(context => context.Request.Headers[condition] == value
            ? Answers.SendAsync(context, 304, "", (validator, value), ("Cache-Control", "max-age=20"), ("X-New", "1"))
            : Answers.SendAsync(context, 200, "body", (validator, value), ("Cache-Control", "max-age=10"), ("X-Old", "1")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        var validated = await proxy.AskAsync("/api/customers/1");
        var next = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((200, "body", "0"), (validated.Status, validated.Text, validated["Age"]));
        Assert.Equal("cacheproxy; fwd=stale; fwd-status=304; stored", validated.CacheStatus);
        Assert.Equal(("body", "cacheproxy; hit; ttl=20"), (next.Text, next.CacheStatus));
        Assert.Equal(("1", "1", "max-age=20"), (next["X-Old"], next["X-New"], next["Cache-Control"]));
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task A_200_replaces_the_entry()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered(("ETag", "\"a\""), ("Cache-Control", "max-age=10")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        var replaced = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("2", "cacheproxy; fwd=stale; fwd-status=200; stored"), (replaced.Text, replaced.CacheStatus));
        Assert.Equal("2", (await proxy.AskAsync("/api/customers/1")).Text);
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task The_clients_own_condition_is_answered_from_what_was_validated()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(NotModifiedFor("\"a\""));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");

        time.Advance(PastFreshness);
        var other = await proxy.AskAsync("/api/customers/1", ("If-None-Match", "\"b\""));
        time.Advance(PastFreshness);
        var same = await proxy.AskAsync("/api/customers/1", ("If-None-Match", "\"a\""));

        Assert.Equal((200, "body"), (other.Status, other.Text));
        Assert.Equal((304, ""), (same.Status, same.Text));
    }

    [Fact]
    public async Task A_304_of_another_representation_is_not_believed()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(static context => context.Request.Headers.IfNoneMatch.Count > 0
            ? Answers.SendAsync(context, 304, "", ("ETag", "\"other\""))
            : Answers.SendAsync(context, 200, "body", ("ETag", "\"a\""), ("Cache-Control", "max-age=10")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        var answer = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((200, "body"), (answer.Status, answer.Text));
        Assert.Equal(3, api.Requests.Count);
    }

    [Fact]
    public async Task A_304_that_forbids_storing_answers_this_client_alone()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(static context => context.Request.Headers.IfNoneMatch.Count > 0
            ? Answers.SendAsync(context, 304, "", ("ETag", "\"a\""), ("Cache-Control", "no-store"))
            : Answers.SendAsync(context, 200, "body", ("ETag", "\"a\""), ("Cache-Control", "max-age=10")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        var answer = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((200, "body", "cacheproxy; fwd=stale; fwd-status=304"), (answer.Status, answer.Text, answer.CacheStatus));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(410)]
    public async Task An_answer_that_ends_what_was_stored_evicts_it(int status)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Body("body", ("ETag", "\"a\""), ("Cache-Control", "max-age=10, stale-if-error=60")),
            Answers.Status(status, "none"),
            Answers.Status(500, "error")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        Assert.Equal((status, "none"), await StatusAndTextAsync(proxy));
        Assert.Equal((500, "error"), await StatusAndTextAsync(proxy, ("Cache-Control", "max-stale")));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(429)]
    public async Task Any_other_client_error_leaves_it(int status)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Body("body", ("ETag", "\"a\""), ("Cache-Control", "max-age=10, stale-if-error=60")),
            Answers.Status(status, "none"),
            Answers.Status(500, "error")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        Assert.Equal((status, "none"), await StatusAndTextAsync(proxy));
        Assert.Equal((200, "body"), await StatusAndTextAsync(proxy));
    }

    [Fact]
    public async Task A_cookie_of_a_304_is_for_the_one_client_that_got_it()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(static context => context.Request.Headers.IfNoneMatch.Count > 0
            ? Answers.SendAsync(context, 304, "", ("ETag", "\"a\""), ("Set-Cookie", "session=1"))
            : Answers.SendAsync(context, 200, "body", ("ETag", "\"a\""), ("Cache-Control", "max-age=10")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        Assert.Equal("session=1", (await proxy.AskAsync("/api/customers/1"))["Set-Cookie"]);
        var hit = await proxy.AskAsync("/api/customers/1");
        Assert.Equal((true, null), (hit.IsHit, hit["Set-Cookie"]));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task An_entry_of_no_cache_is_validated_at_every_use(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(NotModifiedFor("\"a\"", "no-cache"));
        await using var proxy = await stores.StartAsync(store, api.Address);
        await proxy.AskAsync("/api/customers/1");

        for (var i = 0; i < 3; i++)
        {
            var answer = await proxy.AskAsync("/api/customers/1");
            Assert.Equal("body", answer.Text);
            Assert.Contains("fwd-status=304", answer.CacheStatus, StringComparison.Ordinal);
        }

        Assert.Equal(4, api.Requests.Count);
    }

    [Fact]
    public async Task HEAD_freshens_the_stored_response()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("ETag", "\"a\""), ("Cache-Control", "max-age=10")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(PastFreshness);

        await proxy.AskAsync(HttpMethod.Head, "/api/customers/1");
        var get = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("body", "cacheproxy; hit; ttl=10"), (get.Text, get.CacheStatus));
    }

    private static async Task<(int Status, string Text)> StatusAndTextAsync(ProxyUnderTest proxy, params (string, string)[] headers)
    {
        var answer = await proxy.AskAsync("/api/customers/1", headers);
        return (answer.Status, answer.Text);
    }

    private static RequestDelegate NotModifiedFor(string tag, string cacheControl = "max-age=10") => context =>
        context.Request.Headers.IfNoneMatch == tag
            ? Answers.SendAsync(context, 304, "", ("ETag", tag))
            : Answers.SendAsync(context, 200, "body", ("ETag", tag), ("Cache-Control", cacheControl));
}
