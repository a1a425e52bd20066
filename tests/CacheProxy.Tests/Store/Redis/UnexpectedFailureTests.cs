using System.Net.Sockets;
using CacheProxy.Store.Redis;
using StackExchange.Redis;
using Xunit;

namespace CacheProxy.Tests.Store.Redis;

/// <summary>Mistakes of this program are not taken for a Redis that is gone.</summary>
public sealed class UnexpectedFailureTests
{
    public static TheoryData<Exception> Mistakes =>
    [
        new InvalidOperationException(), new NullReferenceException(), new FormatException(), new OverflowException(), new ArgumentException(),
        new IndexOutOfRangeException(), new InvalidCastException(),
    ];

    public static TheoryData<Exception> Breaks =>
    [
        new RedisException(""), new SocketException(), new IOException(),
        new ObjectDisposedException(""), new TaskCanceledException(), new AggregateException(new SocketException()),
    ];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_says_nothing_about_Redis(Exception mistake) =>
        Assert.Equal(RedisFailure.Unexpected, RedisFailures.Classify(mistake));

    [Theory]
    [MemberData(nameof(Breaks))]
    public void A_connection_that_breaks_does(Exception broken) =>
        Assert.Equal(RedisFailure.Disconnected, RedisFailures.Classify(broken));
}
