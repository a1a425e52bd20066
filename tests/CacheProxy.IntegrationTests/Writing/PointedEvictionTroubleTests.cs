using System.Globalization;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static CacheProxy.IntegrationTests.Writing.PointedEvictionScene;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>What becomes of an eviction that a body names while Redis, the API or the client is away.</summary>
public sealed class PointedEvictionTroubleTests
{
    private const string Named = """{"customerId":7}""";

    [Theory]
    [InlineData("request:/customerId")]
    [InlineData("response:/customerId")]
    public async Task Without_Redis_the_replica_remembers_the_eviction_and_forwards_until_Redis_has_it(string pointer)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var way = TcpRelay.To(redis.Port);
        await using var scene = await PointedEvictionScene.StartAsync(
            api => ProxyUnderTest.StartAsync(api, Settings(pointer), way.ConnectionString), Json(Named));
        await scene.AreCachedAsync();
        way.Cut();

        Assert.Equal(201, (await scene.PostAsync(Named)).Status);

        Assert.Equal(1, scene.Proxy.Services.GetRequiredService<PendingEvictions>().Count);
        Assert.False((await scene.Proxy.AskAsync(Customer)).IsHit);
        way.Restore();
        await scene.Proxy.Log.WaitForAsync("All pending evictions have reached the store");
        Assert.Empty(await redis.FieldsAsync("demo:customer:7"));
        await scene.AreCachedAsync();
    }

    [Theory]
    [InlineData("request:/customerId")]
    [InlineData("response:/customerId")]
    public async Task A_strict_policy_refuses_a_write_of_which_it_cannot_evict_what_the_write_names(string pointer)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var scene = await PointedEvictionScene.StartAsync(
            api => ProxyUnderTest.StartAsync(
                api, [.. Settings(pointer), ("CacheProxy:Policies:customer:WriteConsistency", "Strict")], redis.ConnectionString),
            Json(Named));
        await scene.AreCachedAsync();
        await redis.KillAsync();
        await Eventually.TrueAsync(() => !scene.Proxy.IsStoreAvailable);

        var refused = await scene.PostAsync(Named);

        Assert.Equal((503, "cacheproxy; detail=store-unavailable"), (refused.Status, refused.CacheStatus));
        Assert.Equal(0, scene.Api.Count("POST " + Pets));
    }

    [Fact]
    public async Task An_answer_of_which_a_strict_policy_cannot_confirm_the_eviction_is_withheld_with_its_head()
    {
        var time = new LeapingTimeProvider();
        await using var redis = await RedisServer.StartAsync();
        await using var way = TcpRelay.To(redis.Port);
        await using var scene = await PointedEvictionScene.StartAsync(
            api => ProxyUnderTest.StartAsync(
                api, [.. ByResponse, ("CacheProxy:Policies:customer:WriteConsistency", "Strict")], way.ConnectionString, time));
        await scene.AreCachedAsync();
        scene.Write = async context =>
        {
            way.Cut();
            await Json(Named, isChunked: true)(context);
        };

        var write = scene.PostAsync(Named);
        await Eventually.TrueAsync(() =>
        {
            time.Leap(TimeSpan.FromSeconds(1));
            return write.IsCompleted;
        });

        var refused = await write;
        Assert.Equal((503, "", "cacheproxy; fwd=method; fwd-status=201; detail=eviction-outstanding"), (refused.Status, refused.Text, refused.CacheStatus));
    }

    [Fact]
    public async Task What_the_body_names_stays_fenced_when_the_client_leaves()
    {
        var gate = new Gate();
        await using var scene = await PointedEvictionScene.StartAsync(
            api => ProxyUnderTest.StartAsync(api, ByRequest), async _ => await gate.PassAsync());
        await scene.AreCachedAsync();
        await using (var client = await RawHttpConnection.OpenAsync(scene.Proxy.Address.Port))
        {
            await client.WriteAsync(
                $"POST {Pets} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\nContent-Type: application/json\r\nContent-Length: {Named.Length}\r\n\r\n{Named}");
            await gate.ReachedAsync();
            client.Reset();
        }

        await Eventually.TrueAsync(async () => (await scene.Proxy.AskAsync(Customer)).CacheStatus.Contains("write-under-way", StringComparison.Ordinal));
        gate.Open();
        Assert.Contains("write-under-way", (await scene.Proxy.AskAsync(Customer)).CacheStatus, StringComparison.Ordinal);
        Assert.True((await scene.Proxy.AskAsync(Other)).IsHit);
    }

    [Fact]
    public async Task Every_resource_that_a_refused_write_names_counts_as_a_fence()
    {
        var during = "";
        await using var scene = await PointedEvictionScene.StartAsync(api => ProxyUnderTest.StartAsync(
            api, [.. Settings("request:/*"), ("CacheProxy:Policies:customer:FutileFencesPerMinute", "50")]));
        scene.Write = async context =>
        {
            during = (await scene.Proxy.AskAsync(Customer)).CacheStatus;
            context.Response.StatusCode = 403;
        };
        await scene.AreCachedAsync();

        await scene.PostAsync($"[{string.Join(',', Enumerable.Range(7, 60))}]");
        Assert.Contains("write-under-way", during, StringComparison.Ordinal);

        await scene.PostAsync("[7]");
        Assert.StartsWith("cacheproxy; hit", during, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_pass_byte_for_byte_in_both_directions_however_they_are_cut()
    {
        var random = new Random(7);
        var answer = "";
        await using var api = await RawUpstream.StartAsync(_ => answer);
        await using var proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{api.Port}/", [.. Settings("request:/customerId", "response:/customerId"), ("CacheProxy:Policies:pet:MaxBodyBytes", "3000")]);
        await using var client = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        for (var i = 0; i < 60; i++)
        {
            var (sent, sentBack) = (Body(random), Body(random));
            answer = $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{Framed(random, sentBack)}";

            await client.WriteAsync(
                $"POST {Pets} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\nContent-Type: application/json\r\n{Framed(random, sent)}");

            Assert.Equal(sent, (await api.NextRequestAsync()).Content);
            Assert.Equal(sentBack, (await client.ReadResponseAsync("POST")).Content);
        }
    }

    // JSON, or something that is none, up to twice as large as what is read.
    private static string Body(Random random)
    {
        var text = new StringBuilder(random.Next(2) == 0 ? "{\"customerId\":7,\"note\":\"" : "");
        text.Append((char)random.Next(256), random.Next(random.Next(2) == 0 ? 50 : 6000));
        return text.Append(random.Next(2) == 0 ? "\"}" : "").ToString();
    }

    private static string Framed(Random random, string body)
    {
        if (random.Next(2) == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n{body}");
        }

        var text = new StringBuilder("Transfer-Encoding: chunked\r\n\r\n");
        for (var rest = body; rest.Length > 0;)
        {
            var length = random.Next(1, rest.Length + 1);
            text.Append(CultureInfo.InvariantCulture, $"{length:x}\r\n{rest[..length]}\r\n");
            rest = rest[length..];
        }

        return text.Append("0\r\n\r\n").ToString();
    }
}
