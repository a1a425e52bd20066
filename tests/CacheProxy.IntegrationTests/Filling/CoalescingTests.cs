using System.Globalization;
using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Concurrent misses of one variant share one request to the API, and never its failure.</summary>
public sealed class CoalescingTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const int Many = 20;

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Any_number_of_concurrent_misses_is_one_request(StoreKind store)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(GatedOnce(gate, Answers.Numbered()));
        await using var proxy = await stores.StartAsync(store, api.Address);
        var leader = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();
        var others = await FollowAsync(proxy);

        gate.Open();
        var answers = await Task.WhenAll(others);

        Assert.Equal("1", (await leader).Text);
        Assert.All(answers, static answer => Assert.Equal("1", answer.Text));
        Assert.All(answers, static answer => Assert.Equal("cacheproxy; fwd=uri-miss; collapsed", answer.CacheStatus));
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task The_leaders_client_going_away_costs_the_others_nothing()
    {
        var first = new Gate();
        var second = new Gate();
        var cancelled = false;
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => cancelled = true);
            await first.PassAsync();
            context.Response.ContentLength = 8;
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            await second.PassAsync();
            await context.Response.WriteAsync("half");
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("Serilog:MinimumLevel:Override:Microsoft", "Debug")]);
        var leader = await LeadAsync(proxy);
        await first.ReachedAsync();
        var others = await FollowAsync(proxy);
        first.Open();
        await second.ReachedAsync();
        await leader.ReadThroughAsync("half");

        leader.Reset();
        // The server's own word that it has noticed.
        await proxy.Log.WaitForAsync("reset.");
        second.Open();

        Assert.All(await Task.WhenAll(others), static answer => Assert.Equal((200, "halfhalf"), (answer.Status, answer.Text)));
        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
        Assert.False(cancelled);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task A_request_that_nobody_waits_for_is_cancelled()
    {
        var gate = new Gate();
        var cancelled = new TaskCompletionSource();
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(cancelled.SetResult);
            await gate.PassAsync();
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var leader = await LeadAsync(proxy);
        await gate.ReachedAsync();

        leader.Reset();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        gate.Open();
    }

    [Fact]
    public async Task When_the_last_who_waits_has_gone_too_the_request_is_cancelled()
    {
        var gate = new Gate();
        var cancelled = new TaskCompletionSource();
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.RequestAborted.Register(cancelled.SetResult);
            await gate.PassAsync();
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var leader = await LeadAsync(proxy);
        await gate.ReachedAsync();
        var follower = await LeadAsync(proxy);
        await WaitersAsync(proxy, 1);

        leader.Reset();
        follower.Reset();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        gate.Open();
    }

    [Theory]
    [InlineData(200, "Cache-Control", "no-store")]
    [InlineData(200, "Set-Cookie", "session=1")]
    [InlineData(404, "X-None", "1")]
    [InlineData(500, "X-None", "1")]
    public async Task Behind_an_unstorable_response_all_go_to_the_API_at_once(int status, string header, string value)
    {
        // Every request but the first waits until all of them are there: one by one they would never be.
        var first = new Gate();
        var rest = new Gate();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            var mine = Interlocked.Increment(ref count);
            await (mine == 1 ? first : rest).PassAsync();
            await Answers.SendAsync(context, status, mine.ToString(CultureInfo.InvariantCulture), (header, value));
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var leader = proxy.AskAsync("/api/customers/1");
        await first.ReachedAsync();
        var others = await FollowAsync(proxy);

        first.Open();
        for (var i = 0; i < Many; i++)
        {
            await rest.ReachedAsync();
        }

        rest.Open();
        var answers = await Task.WhenAll(others);

        Assert.Equal("1", (await leader).Text);
        Assert.Equal(Many, answers.Select(static answer => answer.Text).Distinct().Count());
        Assert.DoesNotContain(answers, static answer => answer.Text == "1");
    }

    [Fact]
    public async Task Behind_a_body_that_turns_out_too_large_all_go_to_the_API_before_it_has_ended()
    {
        var first = new Gate();
        var end = new Gate();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            var leads = Interlocked.Increment(ref count) == 1;
            await (leads ? first.PassAsync() : Task.CompletedTask);
            await context.Response.WriteAsync("too large");
            await context.Response.Body.FlushAsync();
            await (leads ? end.PassAsync() : Task.CompletedTask);
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Policies:customer:MaxBodyBytes", "5")]);
        var leader = proxy.AskAsync("/api/customers/1");
        await first.ReachedAsync();
        var others = await FollowAsync(proxy);
        first.Open();

        Assert.All(await Task.WhenAll(others), static answer => Assert.Equal("too large", answer.Text));
        end.Open();
        Assert.Equal("too large", (await leader).Text);
    }

    [Fact]
    public async Task Behind_a_leader_whose_connection_breaks_the_others_get_their_own_answer()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(GatedOnce(gate, static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        }, Answers.Body("good")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var leader = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();
        var others = await FollowAsync(proxy);

        gate.Open();

        Assert.Equal(502, (await leader).Status);
        Assert.All(await Task.WhenAll(others), static answer => Assert.Equal((200, "good"), (answer.Status, answer.Text)));
    }

    [Fact]
    public async Task Behind_a_stream_of_events_nobody_waits_for_its_end()
    {
        var end = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await end.PassAsync();
        });
        // Its clock stands still: whoever waits for another waits for ever.
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: new FakeTimeProvider());
        await using var first = await LeadAsync(proxy);
        Assert.Contains("detail=event-stream", await first.ReadThroughAsync("data: 1"), StringComparison.Ordinal);
        await using var second = await LeadAsync(proxy);

        // Through a request of its own, while the first stream goes on.
        Assert.EndsWith("data: 1", await second.ReadThroughAsync("data: 1"), StringComparison.Ordinal);
        Assert.Equal(2, api.Requests.Count);
        end.Open();
    }

    [Fact]
    public async Task Other_resources_do_not_wait()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(GatedOnce(gate, Answers.Numbered()));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var leader = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();

        Assert.Equal(200, (await proxy.AskAsync("/api/customers/2")).Status);
        Assert.Equal(200, (await proxy.AskAsync("/api/customers/1?other=query")).Status);
        Assert.Equal(200, (await proxy.AskAsync("/api/customers/1", ("Authorization", "Bearer other"))).Status);

        gate.Open();
        Assert.Equal(200, (await leader).Status);
    }

    /// <summary>The first request stops at the gate; it and later ones then get the answers in turn.</summary>
    private static RequestDelegate GatedOnce(Gate gate, params RequestDelegate[] answers)
    {
        var count = 0;
        return async context =>
        {
            var mine = Interlocked.Increment(ref count);
            if (mine == 1)
            {
                await gate.PassAsync();
            }

            await answers[Math.Min(mine, answers.Length) - 1](context);
        };
    }

    private static async Task<RawHttpConnection> LeadAsync(ProxyUnderTest proxy)
    {
        var connection = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        await connection.WriteAsync(
            $"GET /api/customers/1 HTTP/1.1\r\nHost: {proxy.Address.Authority}\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        return connection;
    }

    /// <summary>Requests that wait for the leader by now.</summary>
    private static async Task<Task<ClientAnswer>[]> FollowAsync(ProxyUnderTest proxy)
    {
        var others = Enumerable.Range(0, Many).Select(_ => proxy.AskAsync("/api/customers/1")).ToArray();
        await WaitersAsync(proxy, Many);
        return others;
    }

    private static Task WaitersAsync(ProxyUnderTest proxy, int count) =>
        Eventually.TrueAsync(() => proxy.Services.GetRequiredService<Flights>().Waiting == count);
}
