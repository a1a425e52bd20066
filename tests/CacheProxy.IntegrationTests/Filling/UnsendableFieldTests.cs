using System.Text;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Fields that this server will not write: they are never stored, and what is stored with them is never an error of ours.</summary>
public sealed class UnsendableFieldTests
{
    [Theory]
    [InlineData("X-Bad: a\u0001b")]
    [InlineData("X-Bad: a\u007f")]
    [InlineData("X-Bad: a\u001b[31m")]
    public async Task A_refresh_that_brings_one_is_not_stored_and_the_next_one_is(string line)
    {
        var time = new FakeTimeProvider();
        var count = 0;
        await using var api = await RawUpstream.StartAsync(_ => Interlocked.Increment(ref count) switch
        {
            1 => Answer("1", "X-Good: 1"),
            2 => Answer("2", line),
            _ => Answer("3", "X-Good: 3"),
        });
        await using var proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{api.Port}/", [("CacheProxy:Policies:customer:StaleWhileRevalidate", "1m")], time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));

        // Each finds it stale and refreshes it, until the refresh that can be stored is.
        await Eventually.TrueAsync(async () =>
        {
            var answer = await proxy.AskAsync("/api/customers/1");
            Assert.Equal(200, answer.Status);
            Assert.NotEqual("2", answer.Text);
            return answer.Text == "3";
        });
    }

    [Theory]
    [InlineData("X-Bad", "a\u0001b")]
    [InlineData("X-Bad", "a\r\nSet-Cookie: evil=1")]
    [InlineData("X Bad", "1")]
    [InlineData("", "1")]
    public async Task An_entry_that_has_one_is_no_hit_but_fetched_anew(string name, string value)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("good", ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await StoreAsync(proxy, new HeaderField("X-First", "1"), new HeaderField(name, value));

        var answer = await proxy.AskAsync("/api/customers/1");
        var next = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((200, "good", null), (answer.Status, answer.Text, answer["X-First"]));
        Assert.Equal((200, "good", true), (next.Status, next.Text, next.IsHit));
        Assert.Single(api.Requests);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("two")]
    [InlineData("-1")]
    public async Task A_length_that_is_not_the_bodys_is_not_sent(string length)
    {
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await StoreAsync(proxy, new HeaderField("Content-Length", length), new HeaderField("Content-Length", "3"));

        var answer = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((200, "bad", true), (answer.Status, answer.Text, answer.IsHit));
    }

    private static async Task StoreAsync(ProxyUnderTest proxy, params HeaderField[] headers)
    {
        var key = new ResourceKey("demo:customer:1");
        var lease = new FillLease(proxy.Store.NewFillToken(key), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: false);
        var response = new StoredResponse
        {
            Status = 200,
            Headers = headers,
            Body = Encoding.ASCII.GetBytes("bad"),
            ResponseTimeMs = proxy.Store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 60_000,
            Target = $"{proxy.Address.Authority} /api/customers/1",
        };
        var budget = new StoreTimeoutBudget(TimeSpan.FromSeconds(10));
        Assert.Equal(BeginFillOutcome.Granted, await proxy.Store.BeginFillAsync(key, lease, budget));
        Assert.Equal(
            CompleteFillOutcome.Stored,
            await proxy.Store.CompleteFillAsync(key, lease, new FillResult(VariantKey.Plain, "", response, TimeSpan.FromMinutes(5), 64), budget));
    }

    private static string Answer(string body, string line) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n{line}\r\n\r\n{body}";
}
