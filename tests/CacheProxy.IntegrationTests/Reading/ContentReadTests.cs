using System.Text;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Transparency;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static CacheProxy.IntegrationTests.Reading.ContentRequests;

namespace CacheProxy.IntegrationTests.Reading;

/// <summary>QUERY (RFC 10008), and POST where the policy says that it reads: the content is part of the question.</summary>
public sealed class ContentReadTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Theory]
    [InlineData(StoreKind.Memory, "QUERY")]
    [InlineData(StoreKind.Memory, "POST")]
    [InlineData(StoreKind.Redis, "QUERY")]
    [InlineData(StoreKind.Redis, "POST")]
    public async Task Each_content_has_its_entry_and_a_write_evicts_all(StoreKind store, string method)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await stores.StartAsync(store, api.Address, Reads);
        // A GraphQL document, a persisted query, a search, a form.
        string[] contents =
        [
            """{"query":"query Customer($id: ID!) { customer(id: $id) { name pets { name } } }","variables":{"id":"1"}}""",
            """{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}""",
            """{"name":"A%","status":["ACTIVE"],"sort":"name"}""",
        ];

        foreach (var content in contents)
        {
            Assert.Equal((false, $"{method} {content}"), await AskAsync(proxy, method, content));
        }

        foreach (var content in contents)
        {
            Assert.Equal((true, $"{method} {content}"), await AskAsync(proxy, method, content));
        }

        Assert.Equal("GET ", (await proxy.AskAsync(Target)).Text);
        Assert.True((await proxy.AskAsync(Target)).IsHit);
        await proxy.AskAsync(HttpMethod.Put, Target);
        Assert.False((await AskAsync(proxy, method, contents[0])).IsHit);
        Assert.False((await proxy.AskAsync(Target)).IsHit);
    }

    [Fact]
    public async Task Methods_types_codings_and_queries_never_share()
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads);

        for (var round = 0; round < 2; round++)
        {
            await SendAsync(proxy, "QUERY", "1", "text/plain");
            await SendAsync(proxy, "POST", "1", "text/plain");
            await SendAsync(proxy, "QUERY", "1", "text/csv");
            await SendAsync(proxy, "QUERY", "1", "text/plain", target: Target + "?a");
            await SendAsync(proxy, "QUERY", "1", "text/plain", ("Content-Encoding", "br"));
            await SendAsync(proxy, "QUERY", "", "text/plain");
            await SendAsync(proxy, "GET", null, "");
        }

        Assert.Equal(7, api.Requests.Count);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_QUERY_without_the_opt_in_is_forwarded_and_evicts_nothing(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await stores.StartAsync(store, api.Address);
        await proxy.AskAsync(Target);

        var first = await SendAsync(proxy, "QUERY", "1", Json);
        var second = await SendAsync(proxy, "QUERY", "1", Json);

        Assert.Equal(("QUERY 1", "cacheproxy; fwd=method; fwd-status=200; detail=method"), (first.Text, first.CacheStatus));
        Assert.Equal(first.CacheStatus, second.CacheStatus);
        Assert.True((await proxy.AskAsync(Target)).IsHit);
    }

    [Theory]
    [InlineData("QUERY", false)]
    [InlineData("QUERY", true)]
    [InlineData("POST", false)]
    [InlineData("POST", true)]
    public async Task Content_beyond_the_bound_reaches_the_API_whole_and_is_not_cached(string method, bool chunked)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads);
        var content = string.Concat(Enumerable.Range(0, 40_000).Select(static i => (char)('a' + (i % 26))));

        for (var i = 0; i < 2; i++)
        {
            var answer = await SendAsync(proxy, method, content, "text/plain", chunked: chunked);
            Assert.Equal($"{method} {content}", answer.Text);
            Assert.EndsWith("detail=request-body", answer.CacheStatus);
        }

        Assert.Equal((false, $"{method} {content[..4096]}"), await AskAsync(proxy, method, content[..4096], chunked));
        Assert.Equal((true, $"{method} {content[..4096]}"), await AskAsync(proxy, method, content[..4096], chunked));
    }

    [Theory]
    [InlineData("Expect: 100-continue\r\nContent-Length: 1\r\n\r\n1")]
    [InlineData("Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n1\r\n1\r\n0\r\nX-T: t\r\n\r\n")]
    public async Task Who_expects_100_Continue_or_sends_trailers_is_forwarded(string rest)
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads);

        for (var i = 0; i < 2; i++)
        {
            var answer = await RawHttp.SendAsync(
                proxy.Address.Port, $"QUERY {Target} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\nConnection: close\r\n{rest}");
            Assert.Equal((200, "QUERY 1"), (answer.Status, answer.Content));
        }

        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task Content_that_comes_slowly_is_waited_for_and_one_that_never_ends_asks_nobody()
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads);
        var head = $"QUERY {Target} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\nTransfer-Encoding: chunked\r\n\r\n";
        await using (var left = await RawHttpConnection.OpenAsync(proxy.Address.Port))
        {
            await left.WriteAsync(head + "1\r\n1\r\n");
            left.Reset();
        }

        await using var slow = await RawHttpConnection.OpenAsync(proxy.Address.Port);
        await slow.WriteAsync(head + "1\r\n1\r\n");
        Assert.False((await AskAsync(proxy, "QUERY", "other")).IsHit);
        await slow.WriteAsync("1\r\n2\r\n0\r\n\r\n");

        Assert.Equal("QUERY 12", (await slow.ReadResponseAsync("QUERY")).Content);
        Assert.Equal(2, api.Requests.Count);
        Assert.Equal(400, (await RawHttp.SendAsync(proxy.Address.Port, head + "nonsense\r\n")).Status);
    }

    [Fact]
    public async Task A_QUERY_is_conditional_as_a_GET_is()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(static context => EchoAsync(context, ("ETag", "\"a\""), ("Cache-Control", "max-age=10"), ("Accept-Query", Json)));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Reads, time: time);

        var first = await SendAsync(proxy, "QUERY", "1", Json, ("If-None-Match", "\"a\""));
        var second = await SendAsync(proxy, "QUERY", "1", Json, ("If-None-Match", "\"a\""));
        var third = await SendAsync(proxy, "QUERY", "1", Json, ("Range", "bytes=0-0"));

        Assert.Equal((304, 304, 200), (first.Status, second.Status, third.Status));
        Assert.Equal(("QUERY 1", Json, true, true), (third.Text, third["Accept-Query"], second.IsHit, third.IsHit));

        // Stale, it is validated with its content; a 304 about another representation asks once more, with the content from its beginning.
        time.Advance(TimeSpan.FromSeconds(11));
        var asked = new List<string>();
        api.Handler = async context =>
        {
            asked.Add($"{context.Request.Headers.IfNoneMatch}{await ContentOfAsync(context)}");
            await (asked.Count == 1 ? Answers.SendAsync(context, 304, "", ("ETag", "\"b\"")) : Answers.SendAsync(context, 200, "new", ("ETag", "\"b\"")));
        };
        Assert.Equal((false, "new"), await AskAsync(proxy, "QUERY", "1"));
        Assert.Equal(["\"a\"1", "1"], asked);
    }

    [Theory]
    [InlineData("QUERY")]
    [InlineData("POST")]
    public async Task It_is_refreshed_in_the_background_with_its_content(string method)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [.. Reads, ("CacheProxy:Policies:customer:StaleWhileRevalidate", "1m")], time: time);
        await AskAsync(proxy, method, "1");
        time.Advance(TimeSpan.FromSeconds(310));
        api.Handler = static async context => await Answers.SendAsync(
            context, 200, $"new {context.Request.Method} {await ContentOfAsync(context)} {context.Request.ContentType} {context.Request.Headers.IfNoneMatch}");

        Assert.Equal((true, $"{method} 1"), await AskAsync(proxy, method, "1"));
        await proxy.Log.WaitForAsync("Customer cached", 2);

        Assert.Equal((true, $"new {method} 1 {Json} "), await AskAsync(proxy, method, "1"));
    }

    [Fact]
    public async Task It_stands_in_for_an_error_and_concurrent_ones_share_one_request()
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(async context =>
        {
            await gate.PassAsync();
            await EchoAsync(context);
        });
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [.. Reads, ("CacheProxy:Policies:customer:StaleIfError", "1m")], time: time);
        var first = AskAsync(proxy, "POST", "1");
        await gate.ReachedAsync();
        var second = AskAsync(proxy, "POST", "1");
        gate.Open();

        Assert.Equal("POST 1", (await first).Text);
        Assert.Equal("POST 1", (await second).Text);
        Assert.Single(api.Requests);
        time.Advance(TimeSpan.FromSeconds(310));
        api.Handler = Answers.Status(500, "broken");
        Assert.Equal("POST 1", (await AskAsync(proxy, "POST", "1")).Text);
    }

    [Fact]
    public async Task Over_HTTP_2_it_is_the_same()
    {
        await using var api = await Http2Api.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync($"http://127.0.0.1:{api.Port}/", Reads);

        foreach (var (length, isHit) in new[] { (4096, false), (4096, true), (4097, false), (4097, false) })
        {
            using var request = new HttpRequestMessage(new HttpMethod("QUERY"), Target)
            {
                Version = new Version(2, 0),
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(new string('x', length)))),
            };
            request.Content.Headers.ContentLength = null;
            var answer = await ClientAnswer.ReadAsync(proxy.Client.SendAsync(request, TestContext.Current.CancellationToken));
            Assert.Equal((200, isHit, $"QUERY {new string('x', length)}"), (answer.Status, answer.IsHit, answer.Text));
        }
    }

    [Fact]
    public async Task In_mode_Shadow_the_API_answers_and_gets_the_content()
    {
        await using var api = await StubApi.StartAsync(EchoAsync);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [.. Reads, ("CacheProxy:Policies:customer:Mode", "Shadow")]);

        Assert.Equal((false, "QUERY 1"), await AskAsync(proxy, "QUERY", "1"));
        Assert.Equal((false, "QUERY 1"), await AskAsync(proxy, "QUERY", "1"));
        Assert.Equal(2, api.Requests.Count);
    }
}
