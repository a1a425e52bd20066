using System.Diagnostics.Metrics;
using CacheProxy.Store;
using CacheProxy.Warming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Warming;

public sealed class WarmRunTests : IDisposable
{
    private const int Rate = 50;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private int _asked;

    [Fact]
    public async Task It_asks_no_more_often_than_its_rate()
    {
        var (run, running) = Start(200, static _ => WarmResult.Fetched);

        await AdvanceAsync(running, TimeSpan.FromSeconds(2));

        // Its workers may begin together.
        Assert.InRange(_asked, 1, (2 * Rate) + (Rate / 10) + 1);
        await AdvanceAsync(running, TimeSpan.FromSeconds(60));
        Assert.True(running.IsCompletedSuccessfully);
        Assert.Equal((200, WarmStop.None), (run.CountOf(WarmResult.Fetched), run.Stop));
    }

    [Theory]
    [InlineData(WarmResult.Failed, WarmStop.ApiFails)]
    [InlineData(WarmResult.Refused, WarmStop.ApiRefuses)]
    [InlineData(WarmResult.StoreUnavailable, WarmStop.StoreUnavailable)]
    public async Task It_stops_where_going_on_is_of_no_use(object result, object stop)
    {
        var (run, running) = Start(1000, _ => (WarmResult)result);

        await AdvanceAsync(running, TimeSpan.FromSeconds(10));

        Assert.True(running.IsCompletedSuccessfully);
        Assert.Equal((WarmStop)stop, run.Stop);
        Assert.InRange(_asked, 1, 20);
    }

    [Fact]
    public async Task It_waits_while_clients_need_the_API_and_tries_the_same_again()
    {
        var busy = true;
        var (run, running) = Start(5, _ => busy ? WarmResult.Busy : WarmResult.Fetched);
        await AdvanceAsync(running, TimeSpan.FromSeconds(1));
        Assert.False(running.IsCompleted);

        busy = false;
        await AdvanceAsync(running, TimeSpan.FromSeconds(2));

        Assert.Equal(5, run.CountOf(WarmResult.Fetched));
    }

    [Fact]
    public async Task It_ends_with_the_program()
    {
        using var stopping = new CancellationTokenSource();
        var (_, running) = Start(1000, static _ => WarmResult.Fetched, stopping.Token);
        await AdvanceAsync(running, TimeSpan.FromSeconds(1));

        await stopping.CancelAsync();

        await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    public void Dispose() => _services.Dispose();

    private (WarmRun Run, Task Running) Start(int count, Func<string, WarmResult> answer, CancellationToken stopping = default)
    {
        var run = new WarmRun(FetchAsync, new WarmMetrics(_services.GetRequiredService<IMeterFactory>()), _time, "customer", Rate);
        var requests = Enumerable.Range(0, count).Select(static i => new HotCount($"{i}", 1)).ToArray();
        return (run, run.RunAsync(requests, credential: null, stopping));

        Task<WarmResult> FetchAsync(string request, string policy, KeyValuePair<string, string>? credential, CancellationToken ended)
        {
            Interlocked.Increment(ref _asked);
            return Task.FromResult(answer(request));
        }
    }

    private async Task AdvanceAsync(Task running, TimeSpan span)
    {
        var step = TimeSpan.FromMilliseconds(2);
        for (var passed = TimeSpan.Zero; passed < span && !running.IsCompleted; passed += step)
        {
            _time.Advance(step);
            await Task.Yield();
        }
    }
}
