using System.Text;
using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Traffic;
using Xunit;

namespace CacheProxy.Tests.Benchmarks;

public sealed class TrafficTests
{
    private static readonly Customer Seven = new(3, CustomerKind.Small, 7);

    [Fact]
    public void The_version_is_read_from_the_right_body() => Assert.Equal(12, Seven.VersionIn(Body("t3", "a7", 12), fully: true));

    [Theory]
    [InlineData("t4", "a7")]
    [InlineData("t3", "a8")]
    [InlineData("t3", "a77")]
    public void Another_customers_body_is_seen(string tenant, string id) => Assert.Null(Seven.VersionIn(Body(tenant, id, 12), fully: false));

    [Fact]
    public void One_wrong_byte_is_seen()
    {
        var body = Body("t3", "a7", 12);
        body[1000] ^= 1;

        Assert.Null(Seven.VersionIn(body, fully: true));
    }

    [Fact]
    public void A_body_that_ends_early_is_seen() => Assert.Null(Seven.VersionIn(Body("t3", "a7", 12).AsSpan()[..^1], fully: false));

    [Fact]
    public void A_read_sent_after_a_writes_answer_that_returns_an_older_version_is_stale()
    {
        var mix = new Mix(customers: 1, writes: 0, instances: 1, first: 0).Begin(1);
        mix.TryNext(out var before);
        mix.Answered(before with { Kind = AskKind.Write }, 5);
        mix.TryNext(out var after);

        mix.Answered(before, 4);
        mix.Answered(after, 5);
        Assert.Equal(0, mix.Stale);

        mix.Answered(after, 4);
        Assert.Equal(1, mix.Stale);
    }

    [Fact]
    public void A_perfect_cache_asks_once_and_again_after_each_write()
    {
        var mix = new Mix(customers: 1, writes: 0.5, instances: 1, first: 0).Begin(1);
        var expected = 0;
        var cached = false;
        for (var i = 0; i < 100; i++)
        {
            mix.TryNext(out var ask);
            expected += ask.Kind == AskKind.Read && !cached ? 1 : 0;
            cached = ask.Kind == AskKind.Read;
        }

        Assert.Equal(expected, mix.PerfectMisses);
        Assert.Equal(100, mix.Reads + mix.Writes);
    }

    [Fact]
    public void The_same_seed_is_the_same_sequence()
    {
        var one = new Mix(1000, 0.1, 2, 0).Begin(9);
        var other = new Mix(1000, 0.1, 2, 0).Begin(9);
        for (var i = 0; i < 100; i++)
        {
            one.TryNext(out var left);
            other.TryNext(out var right);
            Assert.Equal(left, right);
        }
    }

    [Fact]
    public void Requests_go_round_among_the_instances_from_the_first_on()
    {
        var asks = new Asks(5, static _ => new Ask(Seven, AskKind.Read)) { First = 1, Instances = 3 };
        List<int> seen = [];
        while (asks.TryNext(out var ask))
        {
            seen.Add(ask.Instance);
        }

        Assert.Equal([1, 2, 3, 1, 2], seen);
    }

    [Fact]
    public void What_Redis_has_done_is_read_by_command()
    {
        var commands = RedisServer.ReadCommandStatistics(
            "# Commandstats\r\ncmdstat_hmget:calls=12,usec=34,usec_per_call=2.83,rejected_calls=0,failed_calls=0\r\ncmdstat_config|get:calls=1,usec=5,usec_per_call=5.00\r\n");

        Assert.Equal((12, 34), commands["hmget"]);
        Assert.Equal((1, 5), commands["config|get"]);
    }

    [Fact]
    public void Percentiles_are_latencies_that_occurred()
    {
        var second = System.Diagnostics.Stopwatch.Frequency;
        var answers = new Answers([.. Enumerable.Range(1, 1000).Select(i => second * i)], TimeSpan.FromSeconds(1), TimeSpan.Zero);

        Assert.Equal(500e6, answers.Percentile(0.5));
        Assert.Equal(990e6, answers.Percentile(0.99));
        Assert.Equal(999e6, answers.Percentile(0.999));
    }

    /// <summary>As bench/Peers/origin.lua makes it.</summary>
    private static byte[] Body(string tenant, string id, int version)
    {
        var head = $"{{\"tenant\":\"{tenant}\",\"id\":\"{id}\",\"version\":{version},\"text\":\"";
        var rest = 1536 - head.Length - 2;
        return Encoding.ASCII.GetBytes(head + string.Concat(Enumerable.Repeat($"{tenant}/{id} ", 1536))[..rest] + "\"}");
    }
}
