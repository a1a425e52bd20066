using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>At most so many misses are at the API at a time; further ones wait in order.</summary>
public sealed class FillLimitTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Policy = "CacheProxy:Policies:customer:";
    private const string First = "/api/customers/1";
    private const string Second = "/api/customers/2";

    private static readonly (string, string?) One = (Policy + "MaxConcurrentFills", "1");
    private static readonly (string, string?) Patient = (Policy + "FillWait", "1m");
    private static readonly (string, string?) Impatient = (Policy + "FillWait", "1ms");

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Further_misses_wait_in_order_and_are_stored(StoreKind store)
    {
        await using var scene = await Scene.StartAsync(stores, store, One, Patient);
        var first = await scene.HeldAsync();
        var second = await scene.QueuedAsync(Second, 1);
        var third = await scene.QueuedAsync("/api/customers/3", 2);
        Assert.Single(scene.Api.Requests);

        scene.Gate.Open();

        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", (await first).CacheStatus);
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", (await second).CacheStatus);
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", (await third).CacheStatus);
        Assert.Equal([$"GET {First}", $"GET {Second}", "GET /api/customers/3"], scene.Api.Requests);
        Assert.True((await scene.Proxy.AskAsync(Second)).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Nothing_but_a_miss_is_held_up(StoreKind store)
    {
        await using var scene = await Scene.StartAsync(stores, store, One, Patient);
        await scene.Proxy.AskAsync(Second);
        var first = await scene.HeldAsync();

        Assert.True((await scene.Proxy.AskAsync(Second)).IsHit);
        Assert.Equal(200, (await scene.Proxy.AskAsync(HttpMethod.Put, "/api/customers/3")).Status);
        Assert.Contains("detail=request-no-store", (await scene.Proxy.AskAsync("/api/customers/3", ("Cache-Control", "no-store"))).CacheStatus);
        Assert.Contains("detail=range", (await scene.Proxy.AskAsync("/api/customers/3", ("Range", "bytes=0-0"))).CacheStatus);
        Assert.Contains("detail=head", (await scene.Proxy.AskAsync(HttpMethod.Head, "/api/customers/3")).CacheStatus);

        scene.Gate.Open();
        Assert.Equal(200, (await first).Status);
    }

    [Fact]
    public async Task Whose_turn_comes_looks_up_again()
    {
        await using var scene = await Scene.StartAsync(stores, StoreKind.Redis, One, Patient);
        await using var other = await ProxyUnderTest.StartAsync(
            scene.Api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], stores.Redis.ConnectionString);
        var first = await scene.HeldAsync();
        var second = scene.Proxy.SendAsync(HttpMethod.Get, Second, ("Host", "api.test"));
        await scene.WaitingAsync(1);
        await other.SendAsync(HttpMethod.Get, Second, ("Host", "api.test"));

        scene.Gate.Open();

        Assert.True((await ClientAnswer.ReadAsync(second)).IsHit);
        Assert.Equal(200, (await first).Status);
        Assert.Equal(1, scene.Api.Count($"GET {Second}"));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Who_waits_in_vain_goes_to_the_API_and_says_so(StoreKind store)
    {
        await using var scene = await Scene.StartAsync(stores, store, One, Impatient);
        var first = await scene.HeldAsync();

        var second = await scene.Proxy.AskAsync(Second);

        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored; detail=fill-limit", second.CacheStatus);
        Assert.True((await scene.Proxy.AskAsync(Second)).IsHit);
        scene.Gate.Open();
        Assert.Equal(200, (await first).Status);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Who_waits_in_vain_is_refused_where_the_policy_says_so(StoreKind store)
    {
        await using var scene = await Scene.StartAsync(stores, store, One, Impatient, (Policy + "FillOverflow", "Refuse"));
        var first = await scene.HeldAsync();

        var second = await scene.Proxy.AskAsync(Second);

        Assert.Equal((503, "1", "cacheproxy; fwd=uri-miss; detail=fill-limit"), (second.Status, second["Retry-After"], second.CacheStatus));
        Assert.Single(scene.Api.Requests);
        scene.Gate.Open();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await scene.Proxy.AskAsync(Second)).Status);
    }

    [Fact]
    public async Task Those_who_follow_do_not_count_and_go_on_when_the_client_that_they_follow_leaves_the_queue()
    {
        await using var scene = await Scene.StartAsync(stores, StoreKind.Memory, One, Patient);
        var first = await scene.HeldAsync();
        var leader = await RawHttpConnection.OpenAsync(scene.Proxy.Address.Port);
        await leader.WriteAsync($"GET {Second} HTTP/1.1\r\nHost: {scene.Proxy.Address.Authority}\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await scene.WaitingAsync(1);
        var follower = scene.Proxy.AskAsync(Second);
        await Eventually.TrueAsync(() => scene.Proxy.Services.GetRequiredService<Flights>().Waiting == 1);
        Assert.Equal(1, scene.Limits.Waiting);

        leader.Reset();
        scene.Gate.Open();

        Assert.Equal(200, (await follower).Status);
        Assert.Equal(200, (await first).Status);
        Assert.Equal(1, scene.Api.Count($"GET {Second}"));
    }

    [Fact]
    public async Task A_waiter_whose_client_leaves_leaves_the_queue()
    {
        await using var scene = await Scene.StartAsync(stores, StoreKind.Memory, One, Patient);
        var first = await scene.HeldAsync();
        var gone = await RawHttpConnection.OpenAsync(scene.Proxy.Address.Port);
        await gone.WriteAsync($"GET {Second} HTTP/1.1\r\nHost: {scene.Proxy.Address.Authority}\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await scene.WaitingAsync(1);

        gone.Reset();

        await scene.WaitingAsync(0);
        scene.Gate.Open();
        Assert.Equal(200, (await first).Status);
        Assert.Single(scene.Api.Requests);
    }

    [Fact]
    public async Task A_tenant_at_its_bound_holds_up_no_other()
    {
        await using var scene = await Scene.StartAsync(stores, StoreKind.Memory, (Policy + "MaxConcurrentFillsPerTenant", "1"), Patient);
        var first = await scene.HeldAsync();
        var second = await scene.QueuedAsync(Second, 1);

        var other = await scene.Proxy.AskRawAsync(Second, "X-Tenant-Subdomain: other\r\n");

        Assert.Contains("stored", other.Values("Cache-Status")[0], StringComparison.Ordinal);
        scene.Gate.Open();
        Assert.Equal((200, 200), ((await first).Status, (await second).Status));
    }

    [Fact]
    public async Task A_client_that_reads_slowly_keeps_no_place()
    {
        await using var api = await StubApi.StartAsync(Answers.Body(new string('x', 900_000)));
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, One, Patient);
        await using var slow = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        await slow.WriteAsync($"GET {First} HTTP/1.1\r\nHost: {proxy.Address.Authority}\r\nX-Tenant-Subdomain: demo\r\n\r\n");
        await Eventually.TrueAsync(() => api.Requests.Count == 1);

        Assert.Equal(200, (await proxy.AskAsync(Second)).Status);
    }

    [Fact]
    public async Task An_answer_that_is_not_stored_keeps_its_place_only_until_that_is_known()
    {
        var end = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            await (context.Request.Path.Value == First ? end.PassAsync() : Task.CompletedTask);
        });
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, One, Patient);
        var first = proxy.AskAsync(First);
        await end.ReachedAsync();

        Assert.Equal("begun", (await proxy.AskAsync(Second)).Text);

        end.Open();
        Assert.Equal("begun", (await first).Text);
    }

    /// <summary>An API at which the first resource is held until the gate opens.</summary>
    private sealed class Scene(StubApi api, ProxyUnderTest proxy, Gate gate) : IAsyncDisposable
    {
        public StubApi Api => api;

        public ProxyUnderTest Proxy => proxy;

        public Gate Gate => gate;

        public FillLimits Limits => proxy.Services.GetRequiredService<FillLimits>();

        public static async Task<Scene> StartAsync(ProxyOnStores stores, StoreKind store, params (string Key, string? Value)[] settings)
        {
            var gate = new Gate();
            var answer = Answers.Body("answer");
            var api = await StubApi.StartAsync(async context =>
            {
                if (context.Request.Path.Value == First && context.Request.Headers["X-Tenant-Subdomain"] == "demo")
                {
                    await gate.PassAsync();
                }

                await answer(context);
            });
            return new Scene(api, await stores.StartAsync(store, api.Address, settings), gate);
        }

        /// <summary>A miss that is at the API until the gate opens.</summary>
        public async Task<Task<ClientAnswer>> HeldAsync()
        {
            var held = proxy.AskAsync(First);
            await gate.ReachedAsync();
            return held;
        }

        /// <summary>A miss that is in the queue.</summary>
        public async Task<Task<ClientAnswer>> QueuedAsync(string target, int waiting)
        {
            var queued = proxy.AskAsync(target);
            await WaitingAsync(waiting);
            return queued;
        }

        public Task WaitingAsync(int count) => Eventually.TrueAsync(() => Limits.Waiting == count);

        public async ValueTask DisposeAsync()
        {
            gate.Open();
            await proxy.DisposeAsync();
            await api.DisposeAsync();
        }
    }
}
