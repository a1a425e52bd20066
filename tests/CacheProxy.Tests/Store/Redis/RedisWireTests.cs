using System.IO.Pipelines;
using System.Text;
using CacheProxy.Store.Redis;
using CacheProxy.Tests.Harness;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Xunit;

namespace CacheProxy.Tests.Store.Redis;

/// <summary>Our own connection to Redis, on a pipe whose other end the test holds.</summary>
public sealed class RedisWireTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);
    private static readonly LookUpCommand LookUp = new("demo:customer:123", "", WithBody: true);

    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _requests = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _replies = new();
    private readonly RedisDeadlines _deadlines;
    private readonly RedisWire _wire;
    private int _broken;

    public RedisWireTests()
    {
        _deadlines = new RedisDeadlines(_time);
        _wire = new RedisWire(
            new TwoWayStream(_replies.Reader.AsStream(), _requests.Writer.AsStream()), _deadlines, () => Interlocked.Increment(ref _broken));
    }

    public void Dispose()
    {
        _wire.Dispose();
        _deadlines.Dispose();
    }

    [Fact]
    public async Task A_look_up_is_one_command()
    {
        _ = _wire.SendAsync(LookUp, Timeout).AsTask();

        Assert.Equal(
            "*7\r\n$5\r\nHMGET\r\n$17\r\ndemo:customer:123\r\n$5\r\nfence\r\n$4\r\nvary\r\n$4\r\nmeta\r\n$4\r\nhead\r\n$4\r\nbody\r\n",
            await RequestAsync());
    }

    [Fact]
    public async Task A_look_up_of_a_variants_headers_names_its_fields()
    {
        _ = _wire.SendAsync(new LookUpCommand("Zoë", "0123456789abcdef0123456789abcdef", WithBody: false), Timeout).AsTask();

        Assert.Equal(
            "*6\r\n$5\r\nHMGET\r\n$4\r\nZoë\r\n$5\r\nfence\r\n$4\r\nvary\r\n"
            + "$37\r\nmeta:0123456789abcdef0123456789abcdef\r\n$37\r\nhead:0123456789abcdef0123456789abcdef\r\n",
            await RequestAsync());
    }

    [Fact]
    public async Task Replies_are_read_the_same_wherever_the_network_cuts_them()
    {
        var sizes = Gen.Choose(1, 40_000).ArrayOf().Where(static cuts => cuts.Length > 0);
        var lengths = Gen.Elements(0, 1, 44, 513, 4095, 4096, 4097, 32_768, 100_000);
        foreach (var (cuts, (meta, body)) in sizes.Zip(lengths.Zip(lengths)).Sample(200))
        {
            var first = _wire.SendAsync(LookUp, Timeout);
            var second = _wire.SendAsync(LookUp, Timeout);
            var reply = $"*5\r\n$-1\r\n$6\r\naccept\r\n{Bulk('m', meta)}$-1\r\n{Bulk('b', body)}";
            await ReplyAsync(reply + "*5\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n", cuts);

            using (var read = await first)
            {
                Assert.False(read.Has(RedisFields.FenceItem));
                Assert.Equal("accept", Encoding.ASCII.GetString(read[RedisFields.VaryItem]));
                Assert.Equal(new string('m', meta), Encoding.ASCII.GetString(read[RedisFields.MetaItem]));
                Assert.Equal(new string('b', body), Encoding.ASCII.GetString(read.Body!));
            }

            using var nothing = await second;
            Assert.False(nothing.Has(RedisFields.MetaItem));
            Assert.Null(nothing.Body);
        }
    }

    [Fact]
    public async Task An_error_is_the_reply_to_one_call()
    {
        var refused = _wire.SendAsync(LookUp, Timeout);
        var next = _wire.SendAsync(new WordsCommand(["PING"]), Timeout);
        await ReplyAsync("-WRONGTYPE Operation against a key\r\n+PONG\r\n");

        using var error = await refused;
        Assert.Equal("WRONGTYPE Operation against a key", Assert.Throws<RedisServerException>(error.ThrowIfError).Message);
        using var pong = await next;
        pong.ThrowIfError();
        Assert.Equal("PONG", Encoding.ASCII.GetString(pong[0]));
    }

    [Fact]
    public async Task A_call_is_given_up_when_its_time_is_over_and_its_late_reply_is_nobody_elses()
    {
        var late = _wire.SendAsync(new WordsCommand(["GET", "late"]), Timeout).AsTask();
        _time.Advance(Timeout - TimeSpan.FromMilliseconds(1));
        Assert.False(late.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1) + RedisDeadlines.Grain);
        await Assert.ThrowsAsync<TimeoutException>(() => late);

        var next = _wire.SendAsync(new WordsCommand(["GET", "next"]), Timeout);
        await ReplyAsync("$4\r\nlate\r\n$4\r\nnext\r\n");
        using var reply = await next;
        Assert.Equal("next", Encoding.ASCII.GetString(reply[0]));
        Assert.True(_wire.IsOpen);
    }

    [Fact]
    public async Task A_call_that_uses_anothers_place_again_has_all_its_time()
    {
        for (var i = 0; i < 10; i++)
        {
            var call = _wire.SendAsync(new WordsCommand(["PING"]), Timeout).AsTask();
            _time.Advance(Timeout - RedisDeadlines.Grain);
            Assert.False(call.IsCompleted);
            await ReplyAsync("+PONG\r\n");
            (await call).Dispose();
        }
    }

    [Fact]
    public async Task One_who_takes_long_over_an_answer_keeps_no_other_waiting()
    {
        using var gate = new ManualResetEventSlim();
        var blocked = BlockAsync(_wire.SendAsync(new WordsCommand(["GET", "slow"]), Timeout), gate);
        var other = _wire.SendAsync(new WordsCommand(["GET", "other"]), Timeout);
        await ReplyAsync("$4\r\nslow\r\n");
        await ReplyAsync("$5\r\nother\r\n");

        (await other).Dispose();
        gate.Set();
        await blocked;

        static async Task BlockAsync(ValueTask<WireCall> call, ManualResetEventSlim gate)
        {
            using var answer = await call.ConfigureAwait(false);
            gate.Wait(TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("*5\r\n$-1\r\n$-1\r\n$10\r\nhalf")]
    public async Task A_connection_that_breaks_fails_all_its_calls_and_takes_no_more(string before)
    {
        var calls = Enumerable.Range(0, 3).Select(_ => _wire.SendAsync(LookUp, Timeout).AsTask()).ToArray();
        await ReplyAsync(before);
        await _replies.Writer.CompleteAsync();

        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<IOException>(() => call);
        }

        Assert.Throws<IOException>(() => { _ = _wire.SendAsync(LookUp, Timeout).AsTask(); });
        Assert.False(_wire.IsOpen);
        Assert.Equal(1, Volatile.Read(ref _broken));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$9999999999\r\n")]
    [InlineData("$3\r\nfour\r\n")]
    [InlineData("*1\r\n*1\r\n$1\r\na\r\n")]
    [InlineData("*6\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n")]
    [InlineData("\r\n")]
    public async Task What_does_not_speak_as_Redis_does_is_left(string says)
    {
        var call = _wire.SendAsync(LookUp, Timeout).AsTask();
        await ReplyAsync(says);

        await Assert.ThrowsAsync<IOException>(() => call);
        Assert.False(_wire.IsOpen);
    }

    [Fact]
    public async Task An_answer_to_nobody_ends_the_connection()
    {
        var call = _wire.SendAsync(new WordsCommand(["PING"]), Timeout);
        await ReplyAsync("+PONG\r\n+PONG\r\n");

        (await call).Dispose();
        await Eventually.TrueAsync(() => !_wire.IsOpen);
    }

    private static string Bulk(char letter, int length) => $"${length}\r\n{new string(letter, length)}\r\n";

    private async Task ReplyAsync(string reply, params int[] cuts)
    {
        var bytes = Encoding.UTF8.GetBytes(reply);
        for (int start = 0, i = 0; start < bytes.Length; i++)
        {
            var count = Math.Min(cuts.Length == 0 ? bytes.Length : cuts[i % cuts.Length], bytes.Length - start);
            await _replies.Writer.WriteAsync(bytes.AsMemory(start, count), TestContext.Current.CancellationToken);
            start += count;
        }
    }

    private async Task<string> RequestAsync() =>
        Encoding.UTF8.GetString((await _requests.Reader.ReadAsync(TestContext.Current.CancellationToken)).Buffer);

    private sealed class TwoWayStream(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => write.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => read.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write.WriteAsync(buffer, cancellationToken);
    }
}
