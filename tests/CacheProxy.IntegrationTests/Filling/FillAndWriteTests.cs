using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>What a write does to a fill that is under way.</summary>
public sealed class FillAndWriteTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_that_begins_and_ends_while_a_fill_is_under_way_revokes_it(StoreKind store)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(OldBehind(gate));
        await using var proxy = await stores.StartAsync(store, api.Address);
        var reading = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();

        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        gate.Open();

        Assert.Equal("old", (await reading).Text);
        var next = await proxy.AskAsync("/api/customers/1");
        Assert.Equal(("new", false), (next.Text, next.IsHit));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task While_a_write_is_under_way_reads_are_forwarded_and_nothing_is_stored(StoreKind store)
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            if (HttpMethods.IsPut(context.Request.Method))
            {
                await gate.PassAsync();
            }

            await context.Response.WriteAsync("x");
        });
        await using var proxy = await stores.StartAsync(store, api.Address);
        await proxy.AskAsync("/api/customers/1");
        var writing = proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        await gate.ReachedAsync();

        var during = await proxy.AskAsync("/api/customers/1");
        gate.Open();
        await writing;
        var after = await proxy.AskAsync("/api/customers/1");

        Assert.Equal("cacheproxy; fwd=miss; fwd-status=200; detail=write-under-way", during.CacheStatus);
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", after.CacheStatus);
    }

    [Fact]
    public async Task A_read_that_begins_after_the_write_never_shares_a_fill_from_before_it()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(OldBehind(gate));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var before = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();
        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");

        var after = proxy.AskAsync("/api/customers/1");
        await Eventually.TrueAsync(() => after.IsCompleted || proxy.Services.GetRequiredService<Flights>().Waiting == 1);
        gate.Open();

        Assert.Equal("old", (await before).Text);
        Assert.Equal("new", (await after).Text);
    }

    [Fact]
    public async Task Who_waited_for_a_fill_that_a_write_revoked_asks_the_API_itself()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(OldBehind(gate));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        var leader = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();
        var follower = proxy.AskAsync("/api/customers/1");
        await Eventually.TrueAsync(() => proxy.Services.GetRequiredService<Flights>().Waiting == 1);

        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        gate.Open();

        Assert.Equal(("old", "new"), ((await leader).Text, (await follower).Text));
        Assert.Equal("cacheproxy; fwd=miss; fwd-status=200; detail=leader-failed", (await follower).CacheStatus);
    }

    /// <summary>The first GET has read the old state when it stops at the gate; every later one reads the new.</summary>
    private static RequestDelegate OldBehind(Gate gate)
    {
        var reads = 0;
        return async context =>
        {
            var old = HttpMethods.IsGet(context.Request.Method) && Interlocked.Increment(ref reads) == 1;
            await (old ? gate.PassAsync() : Task.CompletedTask);
            await Answers.SendAsync(context, 200, old ? "old" : "new");
        };
    }
}
