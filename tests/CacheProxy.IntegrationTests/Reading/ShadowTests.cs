using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>Mode Shadow stores and compares; every client gets the API's own answer.</summary>
public sealed class ShadowTests
{
    private static readonly (string, string?)[] Shadow = [("CacheProxy:Policies:customer:Mode", "Shadow")];

    [Fact]
    public async Task Every_read_is_the_APIs_own_and_is_compared_with_what_is_stored()
    {
        await using var api = await StubApi.StartAsync(Answers.InTurn(Answers.Body("same"), Answers.Body("same"), Answers.Body("changed")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Shadow);

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");
        var third = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("same", "same", "changed"), (first.Text, second.Text, third.Text));
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", first.CacheStatus);
        Assert.Equal("cacheproxy; fwd=bypass; fwd-status=200; detail=shadow", third.CacheStatus);
        // The client may have its answer before it is compared.
        await Eventually.TrueAsync(async () =>
        {
            var metrics = (await proxy.AskAsync(new Uri(proxy.Management, "/metrics").AbsoluteUri)).Text;
            return metrics.Contains("""cacheproxy_shadow_hits_total{equal="true",policy="customer"} 1""", StringComparison.Ordinal)
                && metrics.Contains("""cacheproxy_shadow_hits_total{equal="false",policy="customer"} 1""", StringComparison.Ordinal);
        });
        Assert.DoesNotContain("Customer cache hit", proxy.Log.Messages);
    }

    [Fact]
    public async Task A_write_evicts_so_that_nothing_old_is_compared()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Shadow);
        await proxy.AskAsync("/api/customers/1");

        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");

        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", (await proxy.AskAsync("/api/customers/1")).CacheStatus);
    }

    [Fact]
    public async Task What_is_stale_is_neither_validated_nor_served_for_an_error()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(static context => context.Request.Headers.IfNoneMatch.Count > 0
            ? Answers.SendAsync(context, 304, "", ("ETag", "\"a\""))
            : Answers.SendAsync(context, 200, "whole", ("ETag", "\"a\""), ("Cache-Control", "max-age=10, stale-if-error=60")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Shadow, time: time);
        await proxy.AskAsync("/api/customers/1");

        time.Advance(TimeSpan.FromSeconds(20));
        var stale = await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(20));
        api.Handler = Answers.Status(500, "error");
        var failed = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("whole", "cacheproxy; fwd=stale; fwd-status=200; stored"), (stale.Text, stale.CacheStatus));
        Assert.Equal((500, "error"), (failed.Status, failed.Text));
    }

    [Fact]
    public async Task Concurrent_misses_each_get_their_own_answer()
    {
        // Nobody is answered before both have arrived.
        var gate = new Gate();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            var mine = Interlocked.Increment(ref count);
            await gate.PassAsync();
            await Answers.SendAsync(context, 200, mine.ToString());
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Shadow);
        var first = proxy.AskAsync("/api/customers/1");
        var second = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();
        await gate.ReachedAsync();
        gate.Open();

        Assert.NotEqual((await first).Text, (await second).Text);
    }

    [Fact]
    public async Task A_clients_conditions_and_only_if_cached_are_the_APIs_to_judge()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("whole", ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Shadow);

        var only = await proxy.AskAsync("/api/customers/1", ("Cache-Control", "only-if-cached"));
        var conditional = await proxy.AskAsync("/api/customers/2", ("If-None-Match", "\"a\""));

        Assert.Equal((200, "whole"), (only.Status, only.Text));
        // This API takes no notice of conditions, and so the client must see.
        Assert.Equal((200, "whole"), (conditional.Status, conditional.Text));
    }
}
