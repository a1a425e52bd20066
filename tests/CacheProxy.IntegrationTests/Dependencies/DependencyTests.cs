using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Dependencies;

/// <summary>A write to what an entry contains evicts the entry before its client has the answer.</summary>
public sealed class DependencyTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_to_a_pet_evicts_the_customer_that_contains_it_and_no_other(StoreKind store)
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, store);
        await proxy.AskAsync(PetScene.Customer);
        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);

        await proxy.AskAsync(HttpMethod.Put, "/api/pets/9");
        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);
        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);

        Assert.Equal((PetScene.Text("3"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
        await proxy.AskAsync(HttpMethod.Delete, "/api/pets/a8");
        Assert.Equal((PetScene.Text("4"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
        Assert.Equal((PetScene.Text("4"), false), Seen(await proxy.AskAsync(PetScene.Customer, ("Authorization", "Bearer other"))));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_customer_that_the_API_read_before_the_write_is_not_stored_after_it(StoreKind store)
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, store);
        var read = new Gate();
        scene.AfterRead = read.PassAsync;

        var early = proxy.AskAsync(PetScene.Customer);
        await read.ReachedAsync();
        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);
        scene.AfterRead = static () => Task.CompletedTask;
        read.Open();

        Assert.Equal(PetScene.Text("1"), (await early).Text);
        Assert.Equal((PetScene.Text("2"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task While_a_pet_is_written_its_customer_is_neither_served_nor_stored(StoreKind store)
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, store);
        await proxy.AskAsync(PetScene.Customer);
        var write = new Gate();
        scene.BeforeWrite = write.PassAsync;

        var writing = proxy.AskAsync(HttpMethod.Put, PetScene.Pet);
        await write.ReachedAsync();
        Assert.False((await proxy.AskAsync(PetScene.Customer)).IsHit);
        Assert.False((await proxy.AskAsync(PetScene.Customer)).IsHit);
        write.Open();
        await writing;

        Assert.Equal((PetScene.Text("2"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
    }

    [Fact]
    public async Task A_write_that_the_API_refuses_evicts_the_customer_and_keeps_nothing_from_being_stored()
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, StoreKind.Memory);
        await proxy.AskAsync(PetScene.Customer);
        scene.WriteStatus = StatusCodes.Status409Conflict;

        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);
        await proxy.AskAsync(PetScene.Customer);

        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);
    }

    [Fact]
    public async Task Two_replicas_serve_nothing_that_a_write_through_the_other_has_replaced()
    {
        await using var scene = await PetScene.StartAsync();
        await using var one = await scene.StartProxyAsync(stores, StoreKind.Redis);
        await using var other = await ProxyUnderTest.StartAsync(scene.Api.Address, PetScene.Settings, stores.Redis.ConnectionString);
        await one.AskRawAsync(PetScene.Customer);
        await Eventually.TrueAsync(async () => (await other.AskRawAsync(PetScene.Customer)).Text.Contains("; hit", StringComparison.Ordinal));

        await other.AskRawAsync(PetScene.Pet, method: "DELETE");

        Assert.Equal(PetScene.Text("2"), (await one.AskRawAsync(PetScene.Customer)).Content);
        Assert.True(await stores.Redis.NumberAsync("EXISTS", PetScene.Index) == 1);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_a_304_has_freshened_is_evicted_as_before(StoreKind store)
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, store);
        await proxy.AskAsync(PetScene.Customer);
        var validated = await proxy.AskAsync(PetScene.Customer, ("Cache-Control", "no-cache"));
        Assert.Contains("fwd-status=304; stored", validated["Cache-Status"], StringComparison.Ordinal);
        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);

        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);

        Assert.Equal((PetScene.Text("2"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
    }

    [Fact]
    public async Task A_pet_that_the_API_no_longer_has_is_evicted_with_its_customer()
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, StoreKind.Memory);
        await proxy.AskAsync(PetScene.Customer);
        await proxy.AskAsync(PetScene.Pet);
        scene.ReadStatus = StatusCodes.Status404NotFound;

        Assert.Equal(404, (await proxy.AskAsync(PetScene.Pet, ("Cache-Control", "no-cache"))).Status);

        Assert.False((await proxy.AskAsync(PetScene.Customer)).IsHit);
    }

    [Fact]
    public async Task What_was_stored_before_DependsOn_was_configured_is_not_served()
    {
        await using var scene = await PetScene.StartAsync();
        await using var before = await stores.StartAsync(StoreKind.Redis, scene.Api.Address);
        await before.AskRawAsync(PetScene.Customer);
        await using var after = await ProxyUnderTest.StartAsync(scene.Api.Address, PetScene.Settings, stores.Redis.ConnectionString);

        Assert.DoesNotContain("; hit", (await after.AskRawAsync(PetScene.Customer)).Text, StringComparison.Ordinal);
        Assert.Contains("; hit", (await after.AskRawAsync(PetScene.Customer)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shadowed_customer_is_never_found_to_differ_after_a_pet_was_written()
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, StoreKind.Memory, ("CacheProxy:Policies:customer:Mode", "Shadow"));
        await proxy.AskAsync(PetScene.Customer);
        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);
        await proxy.AskAsync(PetScene.Customer);

        Assert.Equal(PetScene.Text("2"), (await proxy.AskAsync(PetScene.Customer)).Text);
        Assert.DoesNotContain("Shadow mismatch of policy \"customer\"", proxy.Log.Messages);
    }

    [Theory]
    [InlineData("text/plain", "{}", "body-unreadable")]
    [InlineData("application/json", "{", "body-unreadable")]
    [InlineData("application/json", """{"pets":[{"id":7.0}]}""", "dependency-id")]
    [InlineData("application/json", """{"pets":[{"id":"a/b"}]}""", "dependency-id")]
    [InlineData("application/json", """{"pets":[{"id":{}}]}""", "dependency-id")]
    [InlineData("application/json", """{"pets":[{"id":1},{"id":2},{"id":3}]}""", "dependencies-too-many")]
    [InlineData("application/json", """{"pets":[{"id":1},{"id":1},{"id":"2"},{"id":null},{}]}""", null)]
    [InlineData("application/json", """{"pets":[]}""", null)]
    [InlineData("application/problem+json", "{}", null)]
    public async Task What_is_not_known_to_be_contained_is_not_stored(string type, string body, string? reason)
    {
        await using var scene = await PetScene.StartAsync();
        scene.CustomerAnswer = context =>
        {
            context.Response.ContentType = type;
            return context.Response.WriteAsync(body);
        };
        await using var proxy = await scene.StartProxyAsync(stores, StoreKind.Memory, ("CacheProxy:Policies:customer:MaxDependencies", "2"));

        await proxy.AskAsync(PetScene.Customer);

        Assert.Equal(reason is null, (await proxy.AskAsync(PetScene.Customer)).IsHit);
        Assert.Equal(reason is not null, proxy.Log.Messages.Contains($"A response of policy \"customer\" is not stored: \"{reason}\""));
    }

    [Fact]
    public async Task As_many_customers_as_MaxDependents_contain_a_pet_and_are_evicted_with_it()
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, StoreKind.Redis, ("CacheProxy:Policies:pet:MaxDependents", "2"));
        foreach (var id in (int[])[1, 2, 3])
        {
            await proxy.AskAsync($"/api/customers/{id}");
        }

        Assert.True((await proxy.AskAsync("/api/customers/1")).IsHit);
        Assert.True((await proxy.AskAsync("/api/customers/2")).IsHit);
        Assert.False((await proxy.AskAsync("/api/customers/3")).IsHit);
        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);
        Assert.False((await proxy.AskAsync("/api/customers/1")).IsHit);
        Assert.False((await proxy.AskAsync("/api/customers/2")).IsHit);
    }

    [Fact]
    public async Task Nothing_that_contains_pets_is_stored_in_a_Redis_that_drops_keys()
    {
        await using var redis = await RedisServer.StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(scene.Api.Address, PetScene.Settings, redis.ConnectionString);

        await proxy.AskAsync(PetScene.Customer);

        Assert.False((await proxy.AskAsync(PetScene.Customer)).IsHit);
        Assert.Contains("A response of policy \"customer\" is not stored: \"dependency-droppable\"", proxy.Log.Messages);
    }

    private static (string, bool) Seen(ClientAnswer answer) => (answer.Text, answer.IsHit);
}
