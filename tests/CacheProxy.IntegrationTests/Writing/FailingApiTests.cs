using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>An API that changes the customer and then fails to say so: the fence stands until it must be through, and nothing older is served.</summary>
public sealed class FailingApiTests
{
    private static readonly (string, string?)[] Settings =
    [
        WriteScene.ShortDeadline,
        ("ReverseProxy:Clusters:customer-api:HttpRequest:ActivityTimeout", "00:00:00.400"),
    ];

    [Fact]
    public Task An_API_that_resets_the_connection_of_a_write() => FailAsync(502, exchange =>
    {
        exchange.Connection.Reset();
        return Task.CompletedTask;
    });

    [Fact]
    public Task An_API_that_closes_the_connection_of_a_write() => FailAsync(502, exchange =>
    {
        exchange.Close();
        return Task.CompletedTask;
    });

    [Fact]
    public Task An_API_whose_answer_to_a_write_is_cut() => FailAsync(null, async exchange =>
    {
        await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        exchange.Close();
    });

    [Fact]
    public async Task An_API_that_does_not_answer_a_write_in_time()
    {
        var over = new TaskCompletionSource();
        await FailAsync(504, _ => over.Task, over);
    }

    [Fact]
    public Task A_gateway_of_the_API_that_gives_up_waiting() => FailAsync(
        504, static exchange => exchange.WriteAsync("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"));

    [Theory]
    [InlineData(408)]
    [InlineData(499)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(520)]
    [InlineData(524)]
    public Task A_gateway_of_the_API_that_does_not_know_what_became_of_it(int status) => FailAsync(
        status, exchange => exchange.WriteAsync($"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"));

    [Fact]
    public async Task An_API_that_takes_a_write_closes_its_connection_and_listens_no_more()
    {
        await using var scene = await WriteScene.StartAsync(
            (scene, exchange) =>
            {
                scene.Api.StopListening();
                exchange.Close();
                return Task.CompletedTask;
            },
            settings: Settings);

        // The HTTP client sends a request without content again when its connection ends, and finds nobody there.
        var answer = await RawHttp.SendAsync(scene.Proxy.Address.Port, WriteScene.Head("DELETE", "Connection: close\r\n"));

        Assert.Equal(502, answer.Status);
        var found = await scene.Proxy.Store.LookUpAsync(
            new ResourceKey(WriteScene.Key), default, new StoreTimeoutBudget(TimeSpan.FromSeconds(10)));
        Assert.Equal(LookUpOutcome.Fenced, found.Outcome);
    }

    [Fact]
    public async Task A_write_of_which_no_byte_was_sent_changes_nothing()
    {
        var answer = Answers.Numbered();
        var api = await StubApi.StartAsync(context =>
        {
            // Else the write might go out on the connection before the proxy has seen its end.
            context.Response.Headers.Connection = "close";
            return answer(context);
        });
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(WriteScene.Path);
        await api.DisposeAsync();

        Assert.Equal(502, (await proxy.AskAsync(HttpMethod.Put, WriteScene.Path)).Status);

        Assert.True((await proxy.AskAsync(WriteScene.Path)).IsHit);
    }

    [Fact]
    public async Task Interim_answers_do_not_end_a_write()
    {
        var goOn = new TaskCompletionSource();
        var told = new TaskCompletionSource();
        await using var scene = await WriteScene.StartAsync(async (scene, exchange) =>
        {
            await exchange.ReadBodyAsync();
            await exchange.WriteAsync("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
            told.SetResult();
            await goOn.Task;
            scene.Commit();
            await exchange.WriteAsync(WriteScene.Answer("done"));
        });

        var write = scene.WriteAsync();
        await told.Task;
        await scene.IsFencedAsync();
        goOn.SetResult();

        Assert.Equal(200, (await write).Status);
        await scene.IsEvictedAsync();
    }

    private static async Task FailAsync(int? status, Func<RawUpstreamExchange, Task> fail, TaskCompletionSource? over = null)
    {
        await using var scene = await WriteScene.StartAsync(
            async (scene, exchange) =>
            {
                await exchange.ReadBodyAsync();
                scene.Commit();
                await fail(exchange);
            },
            settings: Settings);

        var answer = await RawHttp.SendUntilCloseAsync(
            scene.Proxy.Address.Port, WriteScene.Head("PUT", "Content-Length: 2\r\nConnection: close\r\n") + "{}");
        Assert.StartsWith(status is null ? "" : $"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        await scene.IsFencedAsync();
        await scene.IsServedAgainAsync();
        over?.SetResult();
    }
}
