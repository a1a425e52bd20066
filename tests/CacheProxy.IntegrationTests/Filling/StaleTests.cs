using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Serving what is stale (RFC 5861): while it is refreshed, and in place of an error.</summary>
public sealed class StaleTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private static readonly (string, string?)[] WhileRevalidate = [("CacheProxy:Policies:customer:StaleWhileRevalidate", "00:01:00")];
    private static readonly (string, string?)[] IfError =
    [
        ("CacheProxy:Policies:customer:StaleIfError", "00:01:00"),
        ("ReverseProxy:Clusters:customer-api:HttpRequest:ActivityTimeout", "00:00:00.500"),
    ];

    [Fact]
    public async Task While_it_is_refreshed_no_client_waits_and_one_request_replaces_the_entry()
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        var count = 0;
        await using var api = await StubApi.StartAsync(async context =>
        {
            var mine = Interlocked.Increment(ref count);
            await (mine == 2 ? gate.PassAsync() : Task.CompletedTask);
            await Answers.SendAsync(context, 200, mine.ToString());
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, WhileRevalidate, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));

        for (var i = 0; i < 5; i++)
        {
            var stale = await proxy.AskAsync("/api/customers/1");
            Assert.Equal(("1", "310", "cacheproxy; hit; ttl=-10"), (stale.Text, stale["Age"], stale.CacheStatus));
        }

        await gate.ReachedAsync();
        gate.Open();
        await proxy.Log.WaitForAsync("Customer cached", 2);

        var fresh = await proxy.AskAsync("/api/customers/1");
        Assert.Equal(("2", "cacheproxy; hit; ttl=300"), (fresh.Text, fresh.CacheStatus));
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task The_refresh_is_the_clients_request_and_goes_on_when_the_client_has_gone()
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(Answers.Body("x", ("Cache-Control", "max-age=10, stale-while-revalidate=60")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, time: time);
        await proxy.AskRawAsync("/api/customers/1", "X-Tenant-Subdomain: demo\r\nAuthorization: Bearer 1\r\nRange: bytes=0-0\r\n");
        await proxy.AskRawAsync("/api/customers/1", "X-Tenant-Subdomain: demo\r\nAuthorization: Bearer 1\r\n");
        time.Advance(TimeSpan.FromSeconds(20));
        string? seen = null;
        api.Handler = async context =>
        {
            seen = $"{context.Request.Method} {context.Request.Host} {context.Request.Headers.Authorization} {context.Request.Headers.Range}";
            await gate.PassAsync();
            await Answers.SendAsync(context, 200, "y", ("Cache-Control", "max-age=10"));
        };

        // Its connection is closed once it has the answer.
        var stale = await proxy.AskRawAsync("/api/customers/1", "X-Tenant-Subdomain: demo\r\nAuthorization: Bearer 1\r\nRange: bytes=0-0\r\n");
        await gate.ReachedAsync();
        gate.Open();
        await proxy.Log.WaitForAsync("Customer cached", 2);

        Assert.Equal((206, "x"), (stale.Status, stale.Content));
        Assert.Equal("GET api.test Bearer 1 ", seen);
        Assert.Equal("y", (await proxy.AskRawAsync("/api/customers/1", "X-Tenant-Subdomain: demo\r\nAuthorization: Bearer 1\r\n")).Content);
    }

    [Fact]
    public async Task So_it_is_on_Redis()
    {
        // An Age that another cache has given makes it stale when it arrives.
        await using var api = await StubApi.StartAsync(
            Answers.Numbered(("Cache-Control", "max-age=10, stale-while-revalidate=60"), ("Age", "20")));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        await proxy.AskAsync("/api/customers/1");

        Assert.Equal("1", (await proxy.AskAsync("/api/customers/1")).Text);
        await proxy.Log.WaitForAsync("Customer cached", 2);

        Assert.Equal("2", await stores.Redis.TextAsync("HGET", "demo:customer:1", "body"));
    }

    [Fact]
    public async Task A_refresh_that_fails_leaves_the_entry_and_the_next_reader_tries_again()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.InTurn(Answers.Body("1"), Answers.Status(500, "error"), Answers.Body("3")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, WhileRevalidate, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));

        Assert.Equal("1", (await proxy.AskAsync("/api/customers/1")).Text);
        await Eventually.TrueAsync(() => api.Requests.Count == 2);
        await Eventually.TrueAsync(async () => (await proxy.AskAsync("/api/customers/1")).Text == "3");
    }

    [Fact]
    public async Task A_refresh_that_a_write_overtakes_is_not_stored()
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Body("old"),
            async context =>
            {
                await gate.PassAsync();
                await Answers.SendAsync(context, 200, "old");
            },
            Answers.Body("new")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, WhileRevalidate, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));
        await proxy.AskAsync("/api/customers/1");
        await gate.ReachedAsync();

        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        var during = proxy.AskAsync("/api/customers/1");
        await Eventually.TrueAsync(() => during.IsCompleted || proxy.Services.GetRequiredService<Flights>().Waiting == 1);
        gate.Open();

        Assert.Equal(("new", "new"), ((await during).Text, (await proxy.AskAsync("/api/customers/1")).Text));
    }

    [Fact]
    public async Task Past_its_window_it_is_not_served()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, WhileRevalidate, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(360));

        Assert.Equal("2", (await proxy.AskAsync("/api/customers/1")).Text);
    }

    [Theory]
    [InlineData("500", 500)]
    [InlineData("503", 503)]
    [InlineData("reset", null)]
    [InlineData("silence", null)]
    public async Task In_place_of_an_error_the_whole_stale_response_and_nothing_of_the_error(string error, int? status)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("good", ("ETag", "\"a\""), ("Content-Type", "text/good")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, IfError, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));
        api.Handler = context => FailAsync(context, error);

        var answer = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((200, "good", "text/good", "310"), (answer.Status, answer.Text, answer["Content-Type"], answer["Age"]));
        Assert.Null(answer["X-Error"]);
        var forwardStatus = status is null ? "" : $"; fwd-status={status}";
        Assert.Equal($"cacheproxy; fwd=stale{forwardStatus}; detail=stale-if-error", answer.CacheStatus);
    }

    [Fact]
    public async Task In_place_of_a_refused_connection_too()
    {
        var time = new FakeTimeProvider();
        var api = await StubApi.StartAsync(Answers.Body("good"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, IfError, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));
        await api.DisposeAsync();

        Assert.Equal((200, "good"), ((await proxy.AskAsync("/api/customers/1")).Status, (await proxy.AskAsync("/api/customers/1")).Text));
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal(502, (await proxy.AskAsync("/api/customers/1")).Status);
    }

    [Theory]
    [InlineData("must-revalidate, max-age=10, stale-if-error=60")]
    [InlineData("no-cache, max-age=10, stale-if-error=60")]
    [InlineData("max-age=10, stale-if-error=5")]
    public async Task Not_where_the_origin_forbids_it(string cacheControl)
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Body("good", ("ETag", "\"a\""), ("Cache-Control", cacheControl)), Answers.Status(500, "error")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, IfError, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(20));

        var answer = await proxy.AskAsync("/api/customers/1");

        Assert.Equal((500, "error"), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task A_client_error_is_no_error_of_the_API()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.InTurn(Answers.Body("good"), Answers.Status(403, "forbidden")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, IfError, time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));

        Assert.Equal(403, (await proxy.AskAsync("/api/customers/1")).Status);
    }

    [Fact]
    public async Task What_a_write_has_evicted_is_never_served_stale()
    {
        var time = new FakeTimeProvider();
        await using var api = await StubApi.StartAsync(Answers.Body("old"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [.. IfError, .. WhileRevalidate], time: time);
        await proxy.AskAsync("/api/customers/1");
        time.Advance(TimeSpan.FromSeconds(310));
        await proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        api.Handler = Answers.Status(500, "error");

        Assert.Equal(500, (await proxy.AskAsync("/api/customers/1")).Status);
        Assert.Equal(500, (await proxy.AskAsync("/api/customers/1", ("Cache-Control", "max-stale"))).Status);
    }

    private static async Task FailAsync(HttpContext context, string error)
    {
        switch (error)
        {
            case "reset":
                context.Abort();
                break;
            case "silence":
                var gone = new TaskCompletionSource();
                context.RequestAborted.Register(gone.SetResult);
                await gone.Task;
                break;
            default:
                await Answers.SendAsync(context, int.Parse(error), "error", ("X-Error", "1"), ("Content-Type", "text/error"));
                break;
        }
    }
}
