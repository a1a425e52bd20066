using System.Text;
using System.Text.Json;
using CacheProxy.Management.Status;
using CacheProxy.Tests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Management.Status;

public sealed class StatusEventsTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly StatusEvents _events;
    private Func<int, Task<Action<Utf8JsonWriter>>> _answer = static count => Task.FromResult<Action<Utf8JsonWriter>>(json => json.WriteNumberValue(count));
    private int _asked;

    public StatusEventsTests() =>
        _events = new StatusEvents(() => _answer(Interlocked.Increment(ref _asked)), _stopping.Token, _time, NullLogger<StatusEvents>.Instance);

    [Fact]
    public async Task Who_listens_is_told_at_once_and_then_every_two_seconds()
    {
        var page = new Page(_events);
        await page.HasAsync("event: figures\ndata: 1\n\n");

        _time.Advance(Period);

        await page.HasAsync("event: figures\ndata: 1\n\nevent: figures\ndata: 2\n\n");
        await page.LeaveAsync();
    }

    [Fact]
    public async Task All_who_listen_are_told_the_same_for_one_question()
    {
        var first = new Page(_events);
        await first.HasAsync("event: figures\ndata: 1\n\n");
        // A page that opens later is told at once, and with it all others.
        var second = new Page(_events);
        await second.HasAsync("event: figures\ndata: 2\n\n");
        await first.HasAsync("event: figures\ndata: 1\n\nevent: figures\ndata: 2\n\n");

        _time.Advance(Period);

        await second.HasAsync("event: figures\ndata: 2\n\nevent: figures\ndata: 3\n\n");
        await first.LeaveAsync();
        await second.LeaveAsync();
    }

    [Fact]
    public async Task Nothing_is_asked_while_nobody_listens()
    {
        _time.Advance(Period * 5);
        Assert.Equal(0, _asked);
        var page = new Page(_events);
        await page.HasAsync("event: figures\ndata: 1\n\n");
        await page.LeaveAsync();

        _time.Advance(Period * 5);

        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Only_so_many_listen_and_one_that_leaves_makes_room()
    {
        var pages = Enumerable.Range(0, StatusEvents.MostListeners).Select(_ => new Page(_events)).ToArray();
        var refused = new Page(_events);
        await refused.Ended;
        Assert.Equal(503, refused.Status);
        Assert.Contains("too-many-listeners", refused.Text);
        await pages[0].LeaveAsync();

        var next = new Page(_events);

        Assert.Equal(200, next.Status);
        await Task.WhenAll([next.LeaveAsync(), .. pages[1..].Select(static page => page.LeaveAsync())]);
    }

    [Fact]
    public async Task Every_answer_ends_when_the_program_stops()
    {
        var page = new Page(_events);
        await page.HasAsync("event: figures\ndata: 1\n\n");

        await _stopping.CancelAsync();

        await page.Ended;
    }

    [Fact]
    public async Task A_question_that_fails_is_asked_again()
    {
        var answer = _answer;
        _answer = count => count == 1 ? Task.FromException<Action<Utf8JsonWriter>>(new IOException()) : answer(count);
        var page = new Page(_events);

        _time.Advance(Period);

        await page.HasAsync("event: figures\ndata: 2\n\n");
        await page.LeaveAsync();
    }

    public void Dispose() => _stopping.Dispose();

    private sealed class Page
    {
        private readonly DefaultHttpContext _context = new();
        private readonly CancellationTokenSource _left = new();
        private readonly Received _received = new();

        public Page(StatusEvents events)
        {
            _context.Request.Method = HttpMethods.Get;
            _context.Response.Body = _received;
            _context.RequestAborted = _left.Token;
            Ended = events.AnswerAsync(_context);
        }

        public Task Ended { get; }

        public int Status => _context.Response.StatusCode;

        public string Text => _received.Text;

        public Task HasAsync(string text) => Eventually.TrueAsync(() => Text == text);

        public async Task LeaveAsync()
        {
            await _left.CancelAsync();
            await Ended;
            _left.Dispose();
        }
    }

    // Read by the test while it is written.
    private sealed class Received : MemoryStream
    {
        private readonly StringBuilder _text = new();

        public string Text
        {
            get
            {
                lock (_text)
                {
                    return _text.ToString();
                }
            }
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_text)
            {
                _text.Append(Encoding.UTF8.GetString(buffer.Span));
            }

            return ValueTask.CompletedTask;
        }
    }
}
