using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Management;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>MemoryTtl: copies in the process, served without asking the store, and never after a write was acknowledged.</summary>
public sealed class LocalCopyTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/1";
    private static readonly (string, string?)[] FiveSeconds = [("CacheProxy:Policies:customer:MemoryTtl", "5s")];

    // Where somebody writes: a Redis that was emptied is taken for a new one, for as long as a lease.
    private static readonly (string, string?)[] OneSecond = [("CacheProxy:Policies:customer:MemoryTtl", "1s")];

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_copy_is_served_although_the_store_has_lost_it()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await StartAsync(api);
        await HoldCopyAsync(proxy, time: _time);

        await stores.Redis.SendAsync("DEL", "demo:customer:1");

        var answer = await proxy.AskAsync(Customer);
        Assert.Equal(("1", true), (answer.Text, answer.IsHit));
        Assert.EndsWith("; detail=copy", answer.CacheStatus, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Redis_entries_are_read_where_they_are()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Memory, api.Address, FiveSeconds);
        await Eventually.TrueAsync(async () => (await proxy.AskAsync(Customer)).IsHit);

        for (var i = 0; i < 20; i++)
        {
            Assert.DoesNotContain("copy", (await proxy.AskAsync(Customer)).CacheStatus, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_copy_is_served_after_its_time()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await StartAsync(api, "500ms");
        await HoldCopyAsync(proxy, time: _time);
        await stores.Redis.SendAsync("DEL", "demo:customer:1");

        // 400 ms from before it was asked for; since then the clock was advanced once.
        _time.Advance(TimeSpan.FromMilliseconds(299));
        Assert.Equal("1", (await proxy.AskAsync(Customer)).Text);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("2", (await proxy.AskAsync(Customer)).Text);
    }

    [Fact]
    public async Task A_write_through_this_replica_drops_the_copies_of_all_variants()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, OneSecond);
        await HoldCopyAsync(proxy);
        await HoldCopyAsync(proxy, Customer + "?a=1");

        await proxy.AskAsync(HttpMethod.Put, Customer);

        Assert.Equal(("4", "5"), ((await proxy.AskAsync(Customer)).Text, (await proxy.AskAsync(Customer + "?a=1")).Text));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1s")]
    public async Task A_read_after_a_write_through_another_replica_finds_no_copy(string memoryTtlOfTheWriter)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, OneSecond);
        await using var other = await ProxyUnderTest.StartAsync(
            api.Address,
            [("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Policies:customer:MemoryTtl", memoryTtlOfTheWriter)],
            stores.Redis.ConnectionString);
        for (var written = 2; written < 10; written += 2)
        {
            await HoldCopyAsync(proxy);

            await other.AskAsync(HttpMethod.Put, Customer);

            Assert.Equal($"{written + 1}", (await proxy.AskAsync(Customer)).Text);
        }
    }

    [Fact]
    public async Task A_purge_through_another_replica_drops_the_copies_of_a_tag()
    {
        (string, string?)[] settings = [.. OneSecond, ("CacheProxy:Policies:customer:Tags", "gold")];
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, settings);
        await using var other = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10"), .. settings], stores.Redis.ConnectionString);
        await HoldCopyAsync(proxy);
        await HoldCopyAsync(proxy, "/api/customers/2");

        var purge = await other.AdministerAsync(HttpMethod.Post, "/purges", """{"tag":"gold","tenant":"demo"}""");
        await Eventually.TrueAsync(async () => PurgeTests.State(
            await other.AdministerAsync(HttpMethod.Get, $"/purges/{JsonDocument.Parse(purge.Text).RootElement.GetProperty("id").GetString()}")) == "done");

        Assert.Equal(("3", "4"), ((await proxy.AskAsync(Customer)).Text, (await proxy.AskAsync("/api/customers/2")).Text));
    }

    [Fact]
    public async Task HEAD_a_range_and_a_304_are_answered_from_a_copy_and_make_one()
    {
        await using var api = await StubApi.StartAsync(context => Answers.SendAsync(context, 200, "0123456789", ("ETag", "\"a\"")));
        await using var proxy = await StartAsync(api);
        await Eventually.TrueAsync(async () => (await proxy.AskAsync(Customer)).IsHit);
        await HoldCopyAsync(() => proxy.AskAsync(HttpMethod.Head, Customer), _time);

        var part = await proxy.AskAsync(Customer, ("Range", "bytes=2-3"));
        var same = await proxy.AskAsync(Customer, ("If-None-Match", "\"a\""));
        var whole = await proxy.AskAsync(Customer);

        Assert.Equal((206, "23", true), (part.Status, part.Text, IsCopy(part)));
        Assert.Equal((304, true), (same.Status, IsCopy(same)));
        Assert.Equal(("0123456789", true), (whole.Text, IsCopy(whole)));
    }

    [Fact]
    public async Task What_a_client_refreshed_replaces_the_copy()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, OneSecond);
        for (var i = 1; i < 4; i++)
        {
            await HoldCopyAsync(proxy);

            var refreshed = await proxy.AskAsync(Customer, ("Cache-Control", "no-cache"));

            Assert.Equal(($"{i + 1}", "cacheproxy; fwd=request; fwd-status=200; stored"), (refreshed.Text, refreshed.CacheStatus));
            Assert.Equal($"{i + 1}", (await proxy.AskAsync(Customer)).Text);
        }
    }

    [Fact]
    public async Task A_copy_that_has_gone_stale_gives_way_to_what_is_refreshed()
    {
        var version = 0;
        await using var api = await StubApi.StartAsync(context =>
            Answers.SendAsync(context, 200, $"{++version}", ("Cache-Control", "max-age=1"), ("ETag", "\"a\"")));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, FiveSeconds);
        await HoldCopyAsync(proxy);
        var held = version;

        // Only by asking: nobody waits here.
        await Eventually.TrueAsync(async () => int.Parse((await proxy.AskAsync(Customer)).Text) > held);

        Assert.True(int.Parse((await proxy.AskAsync(Customer)).Text) > held);
    }

    [Fact]
    public async Task Explain_tells_of_a_copy_and_how_long_it_may_be_served()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await StartAsync(api);
        await HoldCopyAsync(proxy, time: _time);

        var explained = await proxy.AdministerAsync(HttpMethod.Get, $"/explain?format=json&url={Uri.EscapeDataString(Customer)}&header={Uri.EscapeDataString($"Host: {proxy.Address.Authority}")}&header={Uri.EscapeDataString("X-Tenant-Subdomain: demo")}");

        var replica = JsonDocument.Parse(explained.Text).RootElement.GetProperty("replica");
        Assert.True(replica.GetProperty("ownCopy").GetBoolean());
        Assert.InRange(replica.GetProperty("ownCopyLeftSeconds").GetDouble(), 0.1, 4.5);
    }

    private static bool IsCopy(ClientAnswer answer) => answer.CacheStatus.EndsWith("; detail=copy", StringComparison.Ordinal);

    // Its clock stands still once there is a copy, however busy the machine is.
    private async Task<ProxyUnderTest> StartAsync(StubApi api, string memoryTtl = "5s")
    {
        await stores.Redis.SendAsync("FLUSHALL");
        return await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Policies:customer:MemoryTtl", memoryTtl)], stores.Redis.ConnectionString, _time);
    }

    private static Task HoldCopyAsync(ProxyUnderTest proxy, string target = Customer, FakeTimeProvider? time = null) =>
        HoldCopyAsync(() => proxy.AskAsync(target), time);

    private static Task HoldCopyAsync(Func<Task<ClientAnswer>> ask, FakeTimeProvider? time) => Eventually.TrueAsync(async () =>
    {
        if (IsCopy(await ask()))
        {
            return true;
        }

        // The replica asks once a second whether it would hear of writes.
        time?.Advance(TimeSpan.FromMilliseconds(100));
        return false;
    });
}
