using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>Entries that belong to a tag, and the writes that evict it.</summary>
public sealed class TagEvictionTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Route = "ReverseProxy:Routes:plans";

    private static readonly (string Key, string? Value)[] Tagged =
    [
        ("CacheProxy:Policies:customer:DependsOn:plan", "/plan"),
        ("CacheProxy:Policies:customer:Tags:0", "plan:{plan}"),
        ("CacheProxy:Policies:customer:Tags:1", "{tenant}:all"),
        ($"{Route}:ClusterId", "customer-api"),
        ($"{Route}:Match:Path", "/api/plans/{plan}"),
        ($"{Route}:Metadata:Evicts", "tag:plan:{plan}"),
    ];

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_that_evicts_a_tag_evicts_all_that_belong_to_it_and_nothing_else(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        await scene.StoreAsync("/api/customers/1");
        await scene.StoreAsync("/api/customers/2");
        await scene.StoreAsync("/api/customers/3");

        await scene.Proxy.AskAsync(HttpMethod.Put, "/api/plans/gold");

        Assert.False((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
        Assert.False((await scene.Proxy.AskAsync("/api/customers/2")).IsHit);
        Assert.True((await scene.Proxy.AskAsync("/api/customers/3")).IsHit);
        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Another_tenants_tag_of_the_same_name_stays(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        await scene.StoreAsync("/api/customers/1");

        await scene.Proxy.AskRawAsync("/api/plans/gold", "X-Tenant-Subdomain: other\r\nContent-Length: 0\r\n", "PUT");

        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_refused_write_evicts_no_tag(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        await scene.StoreAsync("/api/customers/1");
        scene.WriteStatus = StatusCodes.Status409Conflict;

        await scene.Proxy.AskAsync(HttpMethod.Put, "/api/plans/gold");

        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_fill_whose_tag_is_evicted_while_the_API_answers_is_not_stored(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        await scene.StoreAsync("/api/customers/1");
        await scene.Proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        var gate = scene.HoldReads();
        var read = scene.Proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();

        await scene.Proxy.AskAsync(HttpMethod.Put, "/api/plans/gold");
        gate.Open();

        Assert.Contains("; stored", (await read)["Cache-Status"], StringComparison.Ordinal);
        Assert.False((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task While_such_a_write_is_under_way_nothing_that_belongs_to_the_tag_is_served(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        await scene.StoreAsync("/api/customers/1");
        var gate = scene.HoldWrites();
        var write = scene.Proxy.AskAsync(HttpMethod.Put, "/api/plans/gold");
        await gate.ReachedAsync();

        Assert.Contains("write-under-way", (await scene.Proxy.AskAsync("/api/customers/1"))["Cache-Status"], StringComparison.Ordinal);

        gate.Open();
        await write;
        Assert.False((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Theory]
    [InlineData("Surrogate-Key", "one two", StoreKind.Memory)]
    [InlineData("Cache-Tag", "one, two", StoreKind.Redis)]
    [InlineData("Cache-Groups", "\"one\", \"two\";a=b", StoreKind.Redis)]
    public async Task Headers_name_tags_and_an_answer_to_a_write_evicts_groups(string header, string value, StoreKind store)
    {
        await using var scene = await StartAsync(store);
        scene.ReadHeaders = [(header, value)];
        await scene.StoreAsync("/api/customers/1");
        Assert.Equal(value, (await scene.Proxy.AskAsync("/api/customers/1"))[header]);

        scene.WriteHeaders = [("Cache-Group-Invalidation", "\"three\"")];
        await scene.Proxy.AskAsync(HttpMethod.Post, "/other");
        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);

        scene.WriteHeaders = [("Cache-Group-Invalidation", "\"two\"")];
        scene.WriteStatus = StatusCodes.Status500InternalServerError;
        await scene.Proxy.AskAsync(HttpMethod.Post, "/other");
        await scene.Proxy.AskAsync(HttpMethod.Options, "/other");
        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);

        scene.WriteStatus = StatusCodes.Status201Created;
        await scene.Proxy.AskAsync(HttpMethod.Post, "/other");
        Assert.False((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    [Fact]
    public async Task Clients_are_spared_the_headers_where_that_is_configured()
    {
        await using var scene = await StartAsync(StoreKind.Memory, ("CacheProxy:Policies:customer:HideTagHeaders", "true"));
        scene.ReadHeaders = [("Surrogate-Key", "one"), ("Cache-Groups", "\"two\"")];
        await scene.StoreAsync("/api/customers/1");
        var hit = await scene.Proxy.AskAsync("/api/customers/1");
        scene.WriteHeaders = [("Cache-Group-Invalidation", "\"one\"")];
        await scene.Proxy.AskAsync(HttpMethod.Post, "/other");
        var miss = await scene.Proxy.AskAsync("/api/customers/1");

        Assert.Equal((true, null, null), (hit.IsHit, hit["Surrogate-Key"], hit["Cache-Groups"]));
        Assert.Equal((false, null, null), (miss.IsHit, miss["Surrogate-Key"], miss["Cache-Groups"]));
    }

    [Fact]
    public async Task A_response_whose_tags_nobody_can_tell_is_not_stored()
    {
        await using var scene = await StartAsync(StoreKind.Memory);
        scene.ContentType = "text/html";

        await scene.Proxy.AskAsync("/api/customers/1");
        Assert.Contains("detail=tags-unreadable", (await scene.Proxy.AskAsync("/api/customers/1"))["Cache-Status"], StringComparison.Ordinal);

        scene.ContentType = "application/json";
        scene.ReadHeaders = [("Surrogate-Key", string.Join(' ', Enumerable.Range(0, 65)))];
        Assert.Contains("detail=too-many-tags", (await scene.Proxy.AskAsync("/api/customers/1"))["Cache-Status"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_API_confirms_keeps_its_tags()
    {
        await using var scene = await StartAsync(StoreKind.Redis);
        scene.ReadHeaders = [("ETag", "\"1\""), ("Cache-Control", "max-age=0, stale-while-revalidate=0")];
        await scene.Proxy.AskAsync("/api/customers/1");
        await scene.Proxy.AskAsync("/api/customers/1");
        scene.ReadStatus = StatusCodes.Status304NotModified;
        scene.ReadHeaders = [("ETag", "\"1\""), ("Cache-Control", "max-age=60")];
        Assert.Equal(200, (await scene.Proxy.AskAsync("/api/customers/1")).Status);
        Assert.True((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);

        scene.ReadStatus = StatusCodes.Status200OK;
        await scene.Proxy.AskAsync(HttpMethod.Put, "/api/plans/gold");

        Assert.False((await scene.Proxy.AskAsync("/api/customers/1")).IsHit);
    }

    private async Task<TagScene> StartAsync(StoreKind store, params (string Key, string? Value)[] settings)
    {
        var scene = new TagScene(await StubApi.StartAsync());
        scene.Api.Handler = scene.AnswerAsync;
        scene.Proxy = await stores.StartAsync(store, scene.Api.Address, [.. Tagged, .. settings]);
        return scene;
    }
}
