using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;
using static CacheProxy.IntegrationTests.Writing.PointedEvictionScene;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>A write evicts what its body and the API's answer name.</summary>
public sealed class PointedEvictionTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Named = """{"name":"Rex","customerId":7}""";
    private const string Unnamed = """{"name":"Rex"}""";

    [Theory]
    [InlineData(StoreKind.Memory, Named, false, false)]
    [InlineData(StoreKind.Memory, """{"customerId":"7"}""", false, true)]
    [InlineData(StoreKind.Memory, Named, true, false)]
    [InlineData(StoreKind.Redis, Named, false, true)]
    [InlineData(StoreKind.Redis, Named, true, true)]
    public async Task A_POST_evicts_the_customer_that_its_body_names(StoreKind store, string body, bool isGzip, bool isChunked)
    {
        await using var scene = await StartAsync(store, ByRequest, Json(Unnamed));
        await scene.AreCachedAsync();

        await scene.PostAsync(isGzip ? Gzip(body) : Encoding.UTF8.GetBytes(body), isGzip, isChunked);

        Assert.True(await scene.WasEvictedAsync());
        Assert.Equal(0, Unresolved(scene));
    }

    [Theory]
    [InlineData(StoreKind.Memory, Named, false, false)]
    [InlineData(StoreKind.Memory, """{"customerId":"7"}""", false, true)]
    [InlineData(StoreKind.Memory, Named, true, false)]
    [InlineData(StoreKind.Redis, Named, false, true)]
    [InlineData(StoreKind.Redis, Named, true, true)]
    public async Task A_POST_evicts_the_customer_that_its_answer_names(StoreKind store, string body, bool isGzip, bool isChunked)
    {
        await using var scene = await StartAsync(store, ByResponse, Json(body, isGzip, isChunked));
        await scene.AreCachedAsync();

        var answer = await scene.PostAsync(Unnamed);

        Assert.Equal(201, answer.Status);
        Assert.Equal(isGzip ? Gzip(body) : Encoding.UTF8.GetBytes(body), answer.Bytes);
        Assert.True(await scene.WasEvictedAsync());
        Assert.Equal(0, Unresolved(scene));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task The_customer_that_the_body_names_is_fenced_before_the_API_is_asked(StoreKind store)
    {
        await using var scene = await StartAsync(store, ByRequest);
        var status = "";
        scene.Write = async context =>
        {
            status = (await scene.Proxy.AskAsync(Customer)).CacheStatus;
            await Json(Unnamed)(context);
        };
        await scene.AreCachedAsync();

        await scene.PostAsync(Encoding.UTF8.GetBytes(Named), isChunked: true);

        Assert.Contains("detail=write-under-way", status, StringComparison.Ordinal);
        Assert.True(await scene.WasEvictedAsync());
        await scene.AreCachedAsync();
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_was_read_before_the_answer_that_names_it_is_not_stored(StoreKind store)
    {
        var reads = new Gate();
        await using var scene = await StartAsync(store, ByResponse, Json(Named));
        scene.Reads = reads;
        var early = scene.Proxy.AskAsync(Customer);
        await reads.ReachedAsync();

        await scene.PostAsync(Unnamed);
        reads.Open();
        await early;

        Assert.False((await scene.Proxy.AskAsync(Customer)).IsHit);
        await Eventually.TrueAsync(async () => (await scene.Proxy.AskAsync(Customer)).IsHit);
        Assert.NotEqual((await early).Text, (await scene.Proxy.AskAsync(Customer)).Text);
    }

    [Theory]
    [InlineData("PUT", "/api/pets/1")]
    [InlineData("DELETE", "/api/pets/1")]
    [InlineData("POST", "/api/pets/1")]
    [InlineData("FOO", Pets)]
    public async Task Every_unsafe_method_on_the_policys_routes_counts(string method, string target)
    {
        await using var scene = await StartAsync(StoreKind.Memory, ByResponse, Json(Named));
        await scene.AreCachedAsync();

        await scene.Proxy.AskAsync(new HttpMethod(method), target);

        Assert.True(await scene.WasEvictedAsync());
    }

    [Fact]
    public async Task Many_names_evict_many_and_what_is_refused_evicts_nothing()
    {
        await using var scene = await StartAsync(StoreKind.Memory, Settings("request:/*/customerId", "response:/*/customerId"));
        await scene.AreCachedAsync();

        scene.Write = Answers.Status(422, """[{"customerId":7}]""", ("Content-Type", "application/json"));
        await scene.PostAsync("""[{"customerId":7},{"customerId":8}]""");
        Assert.False(await scene.WasEvictedAsync());

        scene.Write = Json("""[{"customerId":9},{"customerId":7}]""");
        await scene.PostAsync("""[{"customerId":8}]""");
        Assert.False((await scene.Proxy.AskAsync(Customer)).IsHit);
        Assert.False((await scene.Proxy.AskAsync(Other)).IsHit);
        Assert.Equal(0, Unresolved(scene));
    }

    [Theory]
    [InlineData("application/json", """{"customerId":null}""", "absent")]
    [InlineData("application/json", """{"customerId":""}""", "malformed")]
    [InlineData("application/json", "customerId=7", "not-json")]
    [InlineData("text/plain", Named, "not-json")]
    [InlineData("application/json", null, "too-large")]
    public async Task A_write_that_names_nothing_goes_through_and_is_reported(string type, string? body, string reason)
    {
        var received = 0L;
        await using var scene = await StartAsync(StoreKind.Memory, ByRequest, async context =>
        {
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes);
            received = bytes.Length;
            context.Response.StatusCode = 201;
        });
        await scene.AreCachedAsync();
        var sent = Encoding.UTF8.GetBytes(body ?? $$"""{"customerId":7,"note":"{{new string('x', 100_000)}}"}""");

        foreach (var isChunked in (bool[])[false, true])
        {
            Assert.Equal(201, (await scene.PostAsync(sent, isChunked: isChunked, type: type)).Status);
            Assert.Equal(sent.Length, received);
        }

        Assert.False(await scene.WasEvictedAsync());
        await scene.Proxy.Log.WaitForAsync($"A write may have changed resources of policy \"customer\" that it does not name: \"{reason}\"");
        Assert.Equal(1, Unresolved(scene));
    }

    [Theory]
    [InlineData("application/json", """{"customerId":{}}""", "malformed")]
    [InlineData("application/json", "[", "not-json")]
    [InlineData("text/html", Named, "not-json")]
    [InlineData("application/json", null, "too-large")]
    [InlineData("application/json", "", "absent")]
    public async Task An_answer_that_names_nothing_goes_through_and_is_reported(string type, string? body, string reason)
    {
        var sent = Encoding.UTF8.GetBytes(body ?? $$"""{"customerId":7,"note":"{{new string('x', 100_000)}}"}""");
        var isChunked = false;
        await using var scene = await StartAsync(StoreKind.Memory, ByResponse, async context =>
        {
            (context.Response.ContentType, context.Response.ContentLength) = (type, isChunked ? null : sent.Length);
            foreach (var piece in sent.Chunk(40_000))
            {
                await context.Response.Body.WriteAsync(piece);
            }
        });
        await scene.AreCachedAsync();

        Assert.Equal(sent, (await scene.PostAsync(Unnamed)).Bytes);
        isChunked = sent.Length > 0;
        Assert.Equal(sent, (await scene.PostAsync(Unnamed)).Bytes);

        Assert.False(await scene.WasEvictedAsync());
        await scene.Proxy.Log.WaitForAsync($"A write may have changed resources of policy \"customer\" that it does not name: \"{reason}\"");
        Assert.Equal(1, Unresolved(scene));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_breaks_off_while_it_is_held_back_is_a_502_of_which_nothing_was_sent(bool isChunked)
    {
        await using var scene = await StartAsync(StoreKind.Memory, ByResponse, async context =>
        {
            (context.Response.ContentType, context.Response.ContentLength) = ("application/json", isChunked ? null : 1000);
            await context.Response.WriteAsync(Named[..10]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await scene.AreCachedAsync();

        var answer = await scene.PostAsync(Unnamed);

        Assert.Equal((502, ""), (answer.Status, answer.Text));
        await scene.Proxy.Log.WaitForAsync("that it does not name: \"unanswered\"");
    }

    [Fact]
    public async Task A_stream_of_events_is_not_held_back()
    {
        var gate = new Gate();
        await using var scene = await StartAsync(StoreKind.Memory, ByResponse, async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await gate.PassAsync();
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, Pets);

        using var answer = await scene.Proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var events = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Equal('d', events.ReadByte());
        gate.Open();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Over_HTTP_2_a_body_as_large_as_is_read_reaches_the_API_as_it_is(bool isChunked)
    {
        byte[] received = [];
        await using var scene = await StartAsync(
            StoreKind.Memory, [.. ByRequest, ("CacheProxy:Policies:pet:MaxBodyBytes", "2000000"), ("ReverseProxy:Clusters:customer-api:HttpRequest:Version", "1.1")], async context =>
            {
                using var bytes = new MemoryStream();
                await context.Request.Body.CopyToAsync(bytes);
                received = bytes.ToArray();
            });
        await scene.AreCachedAsync();
        var sent = Encoding.UTF8.GetBytes($$"""{"note":"{{new string('x', 1_000_000)}}","customerId":7}""");

        var answer = await scene.PostAsync(sent, isChunked: isChunked, version: new Version(2, 0));

        Assert.Equal((200, ""), (answer.Status, answer.Text));
        Assert.Equal(sent, received);
        Assert.True(await scene.WasEvictedAsync());
    }

    private static int Unresolved(PointedEvictionScene scene) =>
        scene.Proxy.Log.Messages.Count(static message => message.StartsWith("A write may have changed", StringComparison.Ordinal));

    private Task<PointedEvictionScene> StartAsync(StoreKind store, (string Key, string? Value)[] settings, RequestDelegate? write = null) =>
        PointedEvictionScene.StartAsync(api => stores.StartAsync(store, api, settings), write);
}
