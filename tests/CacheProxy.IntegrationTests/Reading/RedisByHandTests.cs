using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>What a person with redis-cli sees and does.</summary>
public sealed class RedisByHandTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Key = "demo:customer:1";

    [Fact]
    public async Task The_field_body_is_what_the_API_sent_and_the_key_lives_as_long_as_the_policy_says()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("""{"id":1,"pets":[]}"""));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);

        await proxy.AskAsync("/api/customers/1");

        Assert.Equal("""{"id":1,"pets":[]}""", await stores.Redis.TextAsync("HGET", Key, "body"));
        Assert.InRange(await stores.Redis.NumberAsync("TTL", Key), 290, 300);
        Assert.Equal(["body", "meta"], await stores.Redis.FieldsAsync(Key));
        Assert.Equal([Key], (object?[])(await stores.Redis.SendAsync("KEYS", "*"))!);
    }

    [Fact]
    public async Task After_a_write_the_key_is_gone()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        await proxy.AskAsync("/api/customers/1");
        await proxy.AskAsync("/api/customers/1?with=query");

        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");

        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", Key));
        Assert.Equal("4", (await proxy.AskAsync("/api/customers/1")).Text);
    }

    [Fact]
    public async Task Another_programs_DEL_is_a_miss()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        await proxy.AskAsync("/api/customers/1");
        await proxy.AskAsync("/api/customers/1?with=query");

        await stores.Redis.SendAsync("DEL", Key);

        Assert.Equal("3", (await proxy.AskAsync("/api/customers/1")).Text);
        Assert.Equal("4", (await proxy.AskAsync("/api/customers/1?with=query")).Text);
        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Fact]
    public async Task Another_programs_DEL_revokes_a_fill_that_is_under_way()
    {
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            await gate.PassAsync();
            await Answers.SendAsync(context, 200, "old");
        });
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        var reading = proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();

        await stores.Redis.SendAsync("DEL", Key);
        gate.Open();

        Assert.Equal("old", (await reading).Text);
        Assert.Equal(0, await stores.Redis.NumberAsync("EXISTS", Key));
    }

    [Fact]
    public async Task Two_replicas_share_what_one_has_stored()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var one = await stores.StartAsync(StoreKind.Redis, api.Address);
        await using var two = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], stores.Redis.ConnectionString);

        await one.AskRawAsync("/api/customers/1");
        var hit = await two.AskRawAsync("/api/customers/1");
        await two.AskRawAsync("/api/customers/1", method: "PUT");
        var miss = await one.AskRawAsync("/api/customers/1");

        Assert.Equal(("1", "3"), (hit.Content, miss.Content));
    }
}
