using CacheProxy.IntegrationTests.Harness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

public sealed class HitTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_second_read_is_answered_without_the_API(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("""{"id":1}"""));
        await using var proxy = await stores.StartAsync(store, api.Address);

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", first.CacheStatus);
        Assert.Equal("""{"id":1}""", second.Text);
        Assert.StartsWith("cacheproxy; hit; ttl=", second.CacheStatus, StringComparison.Ordinal);
        Assert.Equal(["GET /api/customers/1"], api.Requests);
    }

    [Theory]
    [InlineData(StoreKind.Memory, 0, true)]
    [InlineData(StoreKind.Memory, 0, false)]
    [InlineData(StoreKind.Memory, 512, true)]
    [InlineData(StoreKind.Memory, 512, false)]
    [InlineData(StoreKind.Memory, 1024 * 1024, true)]
    [InlineData(StoreKind.Memory, 1024 * 1024, false)]
    [InlineData(StoreKind.Redis, 0, true)]
    [InlineData(StoreKind.Redis, 512, false)]
    [InlineData(StoreKind.Redis, 1024 * 1024, true)]
    [InlineData(StoreKind.Redis, 1024 * 1024, false)]
    public async Task A_body_of_any_bytes_up_to_the_limit_is_served_byte_for_byte(StoreKind store, int length, bool declared)
    {
        var body = EveryByte(length);
        await using var api = await StubApi.StartAsync(context =>
        {
            context.Response.ContentLength = declared ? length : null;
            return context.Response.Body.WriteAsync(body).AsTask();
        });
        await using var proxy = await stores.StartAsync(store, api.Address);

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.True(first.Bytes.AsSpan().SequenceEqual(body));
        Assert.True(second.IsHit);
        Assert.True(second.Bytes.AsSpan().SequenceEqual(body));
        Assert.Equal(length.ToString(), second["Content-Length"]);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task The_headers_are_those_that_the_API_sent(StoreKind store)
    {
        await using var api = await RawUpstream.StartAsync(static _ =>
            "HTTP/1.1 200 OK\r\nDate: Mon, 24 Nov 2025 04:00:00 GMT\r\nContent-Type: application/json; charset=\"utf-8\"\r\n"
            + "X-List: b\r\nETag: W/\"a,b\"\r\nx-list: a, c\r\nX-Name: M\u00fcller \u00c3\u00bc\r\nLink: </x>; rel=next\r\nX-Empty:\r\nX-List: b\r\n"
            + "Content-Language: de\r\nContent-Length: 2\r\n\r\n{}");
        await using var proxy = await stores.StartAsync(store, $"http://127.0.0.1:{api.Port}/");

        var first = await proxy.AskRawAsync("/api/customers/1");
        var second = await proxy.AskRawAsync("/api/customers/1");

        string[] ours = ["Age", "Cache-Status"];
        Assert.StartsWith("cacheproxy; hit", Assert.Single(second.Values("Cache-Status")), StringComparison.Ordinal);
        Assert.Equal(Without(first, ours), Without(second, ours));
        Assert.Equal(["b", "a, c", "b"], second.Values("X-List"));
        Assert.Equal(["M\u00fcller \u00c3\u00bc"], second.Values("X-Name"));
        Assert.Equal(["W/\"a,b\""], second.Values("ETag"));
        Assert.Equal(["application/json; charset=\"utf-8\""], second.Values("Content-Type"));
        Assert.Equal(["Mon, 24 Nov 2025 04:00:00 GMT"], second.Values("Date"));
        Assert.Equal("{}", second.Content);
    }

    [Fact]
    public async Task A_client_of_HTTP_2_reads_what_one_of_HTTP_1_has_filled()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("body", ("ETag", "\"a\"")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync("/api/customers/1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/customers/1")
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        var hit = await ClientAnswer.ReadAsync(proxy.Client.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal(("body", true, "\"a\"", "4"), (hit.Text, hit.IsHit, hit["ETag"], hit["Content-Length"]));
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task Age_and_ttl_follow_the_clock()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("x"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");

        time.Advance(TimeSpan.FromSeconds(299));
        var late = await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(1));
        var tooLate = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("299", "cacheproxy; hit; ttl=1"), (late["Age"], late.CacheStatus));
        Assert.Null(tooLate["Age"]);
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task Age_goes_on_from_what_a_cache_before_us_said()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Cache-Control", "max-age=100"), ("Age", "40")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskAsync("/api/customers/1");

        time.Advance(TimeSpan.FromSeconds(10));
        var hit = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("50", "cacheproxy; hit; ttl=50"), (hit["Age"], hit.CacheStatus));
    }

    [Fact]
    public async Task Headers_of_the_connection_to_the_API_are_not_served_again()
    {
        await using var api = await RawUpstream.StartAsync(static _ =>
            "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Authenticate: Basic\r\n"
            + "Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTrailer: X-Sum\r\nX-Kept: 1\r\nContent-Length: 1\r\n\r\nx");
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/");
        await proxy.AskRawAsync("/api/customers/1");

        var hit = await proxy.AskRawAsync("/api/customers/1");

        Assert.StartsWith("cacheproxy; hit", hit.Values("Cache-Status")[0], StringComparison.Ordinal);
        Assert.Equal(["1"], hit.Values("X-Kept"));
        Assert.Equal(["close"], hit.Values("Connection"));
        Assert.All(
            ["Keep-Alive", "X-Hop", "Proxy-Authenticate", "Proxy-Connection", "Upgrade", "Trailer", "Transfer-Encoding"],
            name => Assert.Empty(hit.Values(name)));
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task HEAD_has_the_headers_of_the_stored_response_and_no_body(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Body("12345", ("ETag", "\"a\""), ("Content-Type", "text/x")));
        await using var proxy = await stores.StartAsync(store, api.Address);
        await proxy.AskRawAsync("/api/customers/1");

        var head = await proxy.AskRawAsync("/api/customers/1", method: "HEAD");

        Assert.Equal((200, ""), (head.Status, head.FramedBody));
        Assert.Equal(["5"], head.Values("Content-Length"));
        Assert.Equal(["\"a\""], head.Values("ETag"));
        Assert.Equal(["text/x"], head.Values("Content-Type"));
        Assert.StartsWith("cacheproxy; hit", head.Values("Cache-Status")[0], StringComparison.Ordinal);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task HEAD_for_something_that_is_not_stored_is_forwarded_and_stores_nothing()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("12345"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        var head = await proxy.AskAsync(HttpMethod.Head, "/api/customers/1");
        var get = await proxy.AskAsync("/api/customers/1");

        Assert.Equal("cacheproxy; fwd=miss; fwd-status=200; detail=head", head.CacheStatus);
        Assert.False(get.IsHit);
        Assert.Equal(["HEAD /api/customers/1", "GET /api/customers/1"], api.Requests);
    }

    private static string[] Without(RawHttpMessage message, string[] names) =>
        [.. message.HeaderLines.Where(line => !names.Contains(line[..line.IndexOf(':')], StringComparer.OrdinalIgnoreCase))];

    private static byte[] EveryByte(int length)
    {
        var body = new byte[length];
        for (var i = 0; i < length; i++)
        {
            body[i] = (byte)(i * 31);
        }

        return body;
    }
}
