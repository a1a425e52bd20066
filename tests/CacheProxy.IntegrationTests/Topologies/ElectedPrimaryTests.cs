using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store.Redis.Topologies;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>How long an answer about the primary is used, and how long a new primary is not.</summary>
public sealed class ElectedPrimaryTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_new_primary_is_used_only_when_nobody_can_use_the_old_one_however_long_the_answer_took()
    {
        await using var first = await RedisServer.StartAsync();
        await using var second = await RedisServer.StartAsync();
        await second.SendAsync("REPLICAOF", "127.0.0.1", Text(first.Port));
        // The first replica that is in step gives its primary a new replication id.
        await Eventually.TrueAsync(async () =>
            (await second.TextAsync("INFO", "replication"))!.Contains("master_link_status:up", StringComparison.Ordinal));
        var time = new SteppedTime();
        var options = RedisClient.Options(first.ConnectionString + "," + second.ConnectionString);
        await using var elected = new ElectedPrimary(options, sentinels: null, wires: null, static () => { }, static () => { }, time);
        await Assert.ThrowsAsync<NoSinglePrimaryException>(() => elected.FindAsync(learns: true, Timeout));
        time.Pass(3000);
        await elected.FindAsync(learns: true, Timeout);
        await first.SendAsync("REPLICAOF", "127.0.0.1", Text(second.Port));
        await second.SendAsync("REPLICAOF", "NO", "ONE");

        // While this answer is on its way another replica may ask, and still hear of the old primary.
        second.Hang();
        var asking = elected.FindAsync(learns: true, Timeout);
        time.Pass(1000);
        second.Release();
        await Assert.ThrowsAsync<NoSinglePrimaryException>(() => asking);

        time.Pass(1500);
        await Assert.ThrowsAsync<NoSinglePrimaryException>(() => elected.FindAsync(learns: true, Timeout));
        time.Pass(1400);
        await Assert.ThrowsAsync<NoSinglePrimaryException>(() => elected.FindAsync(learns: true, Timeout));
        time.Pass(100);
        await elected.FindAsync(learns: true, Timeout);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A monotonic clock that stands still between the test's steps.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private long _milliseconds = 1;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Interlocked.Read(ref _milliseconds);

        public void Pass(long milliseconds) => Interlocked.Add(ref _milliseconds, milliseconds);
    }
}
