using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>What one tenant's large bodies cost the others.</summary>
public sealed class LargeBodyTests
{
    private const int Mebibyte = 1024 * 1024;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_write_sets_its_fence_while_the_large_body_of_another_tenant_is_still_on_its_way()
    {
        await using var server = await RedisServer.StartAsync();
        await using var replies = new HeldReplies(server.Port, free: Mebibyte / 2);
        await using var store = new RedisStore(
            new RedisOptions { ConnectionString = replies.ConnectionString }, TimeProvider.System, new StateLog());
        await Eventually.TrueAsync(() => store.IsAvailable, "It did not connect.");
        var large = new ResourceKey("large:customer:1");
        await StoreAsync(store, large, new byte[Mebibyte]);

        var reading = store.LookUpAsync(large, VariantKey.Plain, new(Long)).AsTask();
        await replies.Gate.ReachedAsync();

        var other = new ResourceKey("other:customer:1");
        Assert.Equal(StoreOutcome.Done, (await store.BeginWriteAsync(other, "w", Long, new(Long))).Outcome);
        Assert.Equal(StoreOutcome.Done, (await store.EndWriteAsync(other, "w", WriteResult.Changed, new(Long))).Outcome);
        Assert.False(reading.IsCompleted);
        replies.Gate.Open();
        Assert.Equal(LookUpOutcome.Found, (await reading).Outcome);
    }

    [Theory]
    [InlineData("HEAD", null)]
    [InlineData("GET", "\"v1\"")]
    [InlineData("HEAD", "\"v1\"")]
    public async Task Headers_alone_are_answered_without_reading_the_body(string method, string? ifNoneMatch)
    {
        await using var server = await RedisServer.StartAsync();
        var body = new string('x', Mebibyte);
        await using var api = await StubApi.StartAsync(Answers.Body(body, ("ETag", "\"v1\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], server.ConnectionString);
        await proxy.AskAsync("/api/customers/1");
        await server.SendAsync("CONFIG", "RESETSTAT");

        var answer = await proxy.AskAsync(new HttpMethod(method), "/api/customers/1", ifNoneMatch is null ? [] : [("If-None-Match", ifNoneMatch)]);

        Assert.StartsWith("cacheproxy; hit", answer.CacheStatus, StringComparison.Ordinal);
        Assert.Equal((ifNoneMatch is null ? 200 : 304, ""), (answer.Status, answer.Text));
        Assert.Equal("\"v1\"", answer["ETag"]);
        if (ifNoneMatch is null)
        {
            Assert.Equal("1048576", answer["Content-Length"]);
        }

        Assert.InRange(await SentAsync(server), 1, Mebibyte / 2);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task A_condition_that_is_not_met_gets_the_body()
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Body("whole", ("ETag", "\"v2\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], server.ConnectionString);
        await proxy.AskAsync("/api/customers/1");

        var answer = await proxy.AskAsync("/api/customers/1", ("If-None-Match", "\"v1\""));

        Assert.Equal((200, "whole"), (answer.Status, answer.Text));
        Assert.StartsWith("cacheproxy; hit", answer.CacheStatus, StringComparison.Ordinal);
        Assert.Single(api.Requests);
    }

    private static async Task StoreAsync(RedisStore store, ResourceKey key, byte[] body)
    {
        var lease = new FillLease(store.NewFillToken(key), VariantKey.Plain, "", Long, Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await store.BeginFillAsync(key, lease, new(Long)));
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = body,
            ResponseTimeMs = store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 60_000,
            Target = "",
        };
        Assert.Equal(
            CompleteFillOutcome.Stored, await store.CompleteFillAsync(key, lease, new FillResult(VariantKey.Plain, "", response, Long, 8), new(Long)));
    }

    private static async Task<long> SentAsync(RedisServer server)
    {
        var line = (await server.TextAsync("INFO", "stats"))!.Split("total_net_output_bytes:")[1];
        return long.Parse(line.Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
