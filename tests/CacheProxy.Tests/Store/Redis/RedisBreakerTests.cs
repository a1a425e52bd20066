using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.Tests.Store.Redis;

public sealed class RedisBreakerTests
{
    private readonly List<RedisFailure> _opened = [];

    [Fact]
    public void It_begins_open_because_nothing_is_known_of_Redis_yet()
    {
        Assert.False(new RedisBreaker(_opened.Add).IsClosed);
        Assert.Empty(_opened);
    }

    [Fact]
    public void A_few_timeouts_in_a_row_open_it_and_are_told_once()
    {
        var breaker = Closed();
        breaker.Failed(RedisFailure.TimedOut);
        breaker.Failed(RedisFailure.TimedOut);
        Assert.True(breaker.IsClosed);

        breaker.Failed(RedisFailure.TimedOut);
        breaker.Failed(RedisFailure.TimedOut);
        Assert.False(breaker.IsClosed);
        Assert.Equal([RedisFailure.TimedOut], _opened);
    }

    [Fact]
    public void Timeouts_between_answers_do_not_open_it()
    {
        var breaker = Closed();
        for (var i = 0; i < 10; i++)
        {
            breaker.Failed(RedisFailure.TimedOut);
            breaker.Failed(RedisFailure.TimedOut);
            breaker.Succeeded();
        }

        Assert.True(breaker.IsClosed);
    }

    [Theory]
    [InlineData((int)RedisFailure.Disconnected)]
    [InlineData((int)RedisFailure.RefusesWrites)]
    [InlineData((int)RedisFailure.PasswordWrong)]
    [InlineData((int)RedisFailure.NotReady)]
    public void What_cannot_pass_by_itself_opens_it_at_once(int failure)
    {
        var breaker = Closed();
        breaker.Failed((RedisFailure)failure);

        Assert.False(breaker.IsClosed);
        Assert.Equal([(RedisFailure)failure], _opened);
    }

    [Fact]
    public void An_answer_that_comes_late_does_not_close_it()
    {
        var breaker = Closed();
        breaker.Failed(RedisFailure.Disconnected);
        breaker.Succeeded();

        Assert.False(breaker.IsClosed);
    }

    [Fact]
    public void A_probe_does_not_close_it_when_a_connection_broke_meanwhile()
    {
        var breaker = Closed();
        var before = breaker.Breaks;
        breaker.Failed(RedisFailure.Disconnected);
        Assert.False(breaker.TryClose(before));
        Assert.False(breaker.IsClosed);

        // While it is open, too: the probe may have asked the Redis before the break.
        before = breaker.Breaks;
        breaker.Failed(RedisFailure.Disconnected);
        Assert.False(breaker.TryClose(before));

        before = breaker.Breaks;
        breaker.Failed(RedisFailure.TimedOut);
        Assert.True(breaker.TryClose(before));
        Assert.True(breaker.IsClosed);
    }

    private RedisBreaker Closed()
    {
        var breaker = new RedisBreaker(_opened.Add);
        Assert.True(breaker.TryClose(breaker.Breaks));
        return breaker;
    }
}
