using CacheProxy.Store.Redis;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store.Redis;

public sealed class RedisDeadlinesTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider _time = new();
    private readonly RedisDeadlines _deadlines;

    public RedisDeadlinesTests() => _deadlines = new RedisDeadlines(_time);

    public void Dispose() => _deadlines.Dispose();

    [Fact]
    public async Task Each_answer_of_the_client_library_is_waited_for_as_long_as_it_may_take()
    {
        var late = _deadlines.WaitAsync(new TaskCompletionSource<int>().Task, Timeout);
        var answer = new TaskCompletionSource<int>();
        var patient = _deadlines.WaitAsync(answer.Task, Timeout * 2);

        _time.Advance(Timeout - TimeSpan.FromMilliseconds(1));
        Assert.False(late.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1) + RedisDeadlines.Grain);
        await Assert.ThrowsAsync<TimeoutException>(() => late);
        Assert.False(patient.IsCompleted);

        answer.SetResult(1);
        Assert.Equal(1, await patient);
    }

    [Fact]
    public async Task A_failure_is_the_client_librarys_own()
    {
        var answer = new TaskCompletionSource<int>();
        var waiting = _deadlines.WaitAsync(answer.Task, Timeout);
        answer.SetException(new IOException("broken"));

        Assert.Equal("broken", (await Assert.ThrowsAsync<IOException>(() => waiting)).Message);
    }

    [Fact]
    public async Task It_goes_on_after_a_while_without_any_calls()
    {
        for (var i = 0; i < 3; i++)
        {
            var late = _deadlines.WaitAsync(new TaskCompletionSource<int>().Task, Timeout);
            _time.Advance(Timeout + RedisDeadlines.Grain);
            await Assert.ThrowsAsync<TimeoutException>(() => late);
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }
}
