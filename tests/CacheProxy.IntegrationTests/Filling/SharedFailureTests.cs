using CacheProxy.Filling;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>The API fails while many wait for one request to it: each is answered by what it may itself be served.</summary>
public sealed class SharedFailureTests
{
    private const int Many = 19;
    private static readonly (string, string?)[] IfError = [("CacheProxy:Policies:customer:StaleIfError", "1m")];

    [Theory]
    [InlineData(500, "; fwd-status=500")]
    [InlineData(503, "; fwd-status=503")]
    [InlineData(null, "")]
    public async Task All_who_wait_get_the_stale_entry_and_the_API_one_request(int? status, string forwardStatus)
    {
        await using var scene = await Scene.StartAsync(status);
        var leader = scene.Proxy.AskAsync("/api/customers/1");
        await scene.Gate.ReachedAsync();
        var others = await scene.FollowAsync(Many);

        scene.Gate.Open();
        var answers = await Task.WhenAll(others);

        Assert.Equal((200, "good", $"cacheproxy; fwd=stale{forwardStatus}; detail=stale-if-error"), Seen(await leader));
        Assert.All(answers, answer => Assert.Equal(
            (200, "good", $"cacheproxy; fwd=stale{forwardStatus}; collapsed; detail=stale-if-error"), Seen(answer)));
        Assert.Equal(2, scene.Api.Requests.Count);
    }

    [Fact]
    public async Task Who_forbids_a_stale_answer_gets_the_APIs_own_and_the_others_the_stale_one()
    {
        await using var scene = await Scene.StartAsync(500);
        var leader = scene.Proxy.AskAsync("/api/customers/1", ("Cache-Control", "no-cache"));
        await scene.Gate.ReachedAsync();
        var stale = await scene.FollowAsync(1);
        var fresh = await scene.FollowAsync(1, ("Cache-Control", "max-age=60"));

        scene.Gate.Open();

        Assert.Equal((500, "error", "cacheproxy; fwd=stale; fwd-status=500; detail=status"), Seen(await leader));
        Assert.Equal((200, "good", "cacheproxy; fwd=stale; fwd-status=500; collapsed; detail=stale-if-error"), Seen(await stale[0]));
        Assert.Equal((500, "error", "cacheproxy; fwd=miss; fwd-status=500; detail=leader-failed"), Seen(await fresh[0]));
        Assert.Equal(3, scene.Api.Requests.Count);
    }

    [Fact]
    public async Task Who_came_after_a_write_gets_nothing_that_it_replaced()
    {
        await using var scene = await Scene.StartAsync(500);
        var leader = scene.Proxy.AskAsync("/api/customers/1");
        await scene.Gate.ReachedAsync();
        await scene.Proxy.AskAsync(HttpMethod.Put, "/api/customers/1");
        var late = await scene.FollowAsync(1);

        scene.Gate.Open();

        Assert.Equal((500, "error"), ((await late[0]).Status, (await late[0]).Text));
        await leader;
    }

    private static (int Status, string Text, string? CacheStatus) Seen(ClientAnswer answer) => (answer.Status, answer.Text, answer.CacheStatus);

    /// <summary>An expired entry whose API fails: the first request after the expiry stops at the gate before it does.</summary>
    private sealed class Scene(StubApi api, ProxyUnderTest proxy, Gate gate) : IAsyncDisposable
    {
        private int _followers;

        public StubApi Api => api;

        public ProxyUnderTest Proxy => proxy;

        public Gate Gate => gate;

        /// <param name="status">How the API fails; null: it resets the connection.</param>
        public static async Task<Scene> StartAsync(int? status)
        {
            var time = new FakeTimeProvider();
            var gate = new Gate();
            var api = await StubApi.StartAsync(Answers.Body("good"));
            var proxy = await ProxyUnderTest.StartAsync(api.Address, IfError, time: time);
            await proxy.AskAsync("/api/customers/1");
            time.Advance(TimeSpan.FromSeconds(310));
            var count = 0;
            api.Handler = async context =>
            {
                if (HttpMethods.IsPut(context.Request.Method))
                {
                    await Answers.SendAsync(context, 200, "put");
                    return;
                }

                await (Interlocked.Increment(ref count) == 1 ? gate.PassAsync() : Task.CompletedTask);
                if (status is { } code)
                {
                    await Answers.SendAsync(context, code, "error");
                }
                else
                {
                    context.Abort();
                }
            };
            return new Scene(api, proxy, gate);
        }

        /// <summary>Requests that wait for the leader by now.</summary>
        public async Task<Task<ClientAnswer>[]> FollowAsync(int count, params (string, string)[] headers)
        {
            var followers = Enumerable.Range(0, count).Select(_ => proxy.AskAsync("/api/customers/1", headers)).ToArray();
            _followers += count;
            await Eventually.TrueAsync(() => proxy.Services.GetRequiredService<Flights>().Waiting == _followers);
            return followers;
        }

        public async ValueTask DisposeAsync()
        {
            gate.Open();
            await proxy.DisposeAsync();
            await api.DisposeAsync();
        }
    }
}
