using CacheProxy.Management.Figures;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Management.Figures;

public sealed class StatisticsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Statistics _statistics;
    private int _hits;
    private int _readings;

    public StatisticsTests() => _statistics = new Statistics(new(() => MetricsAsync), _time, NullLogger<Statistics>.Instance);

    [Fact]
    public async Task In_the_first_minutes_recent_is_since_the_start()
    {
        Hit(3);
        _time.Advance(TimeSpan.FromMinutes(4));

        var now = await _statistics.AskAsync();

        Assert.Equal((3, 240), (now.Recent.Total.Requests, now.Recent.Seconds));
        Assert.Equal((3, 240), (now.SinceStart.Total.Requests, now.SinceStart.Seconds));
    }

    [Fact]
    public async Task Nothing_is_read_before_somebody_asks()
    {
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, _readings);

        await _statistics.AskAsync();

        Assert.NotEqual(0, _readings);
    }

    [Fact]
    public async Task The_first_answer_of_a_program_that_has_run_for_long_knows_nothing_recent()
    {
        Hit(3);
        _time.Advance(TimeSpan.FromHours(1));

        var first = await _statistics.AskAsync();
        Hit(2);
        _time.Advance(TimeSpan.FromSeconds(10));
        var second = await _statistics.AskAsync();

        Assert.Equal((3, 0, 0), (first.SinceStart.Total.Requests, first.Recent.Total.Requests, first.Recent.Seconds));
        Assert.Equal((5, 2, 10), (second.SinceStart.Total.Requests, second.Recent.Total.Requests, second.Recent.Seconds));
    }

    [Fact]
    public async Task Recent_is_five_minutes_once_somebody_has_asked_for_longer()
    {
        Hit(100);
        Keep(periods: 30);
        Hit(7);
        Keep(periods: 10);
        Hit(1);
        _time.Advance(TimeSpan.FromSeconds(5));

        var now = await _statistics.AskAsync();

        Assert.Equal((305, 8), (now.Recent.Seconds, now.Recent.Total.Requests));
        Assert.Equal(108, now.SinceStart.Total.Requests);
        Assert.Equal((21, 8), (now.Course.Count, now.Course.Sum(static piece => piece.Outcomes.Sum)));
    }

    [Fact]
    public async Task What_nobody_has_asked_for_half_an_hour_is_no_longer_kept()
    {
        _statistics.Notice();
        // The one in which it sees that nobody asks is the last.
        Keep(periods: 121, asking: false);
        Hit(1);

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(122, _readings);
        Assert.Equal((0, 0), ((await _statistics.AskAsync()).Recent.Seconds, (await _statistics.AskAsync()).Course.Count));
    }

    [Fact]
    public async Task A_reading_that_fails_is_tried_again()
    {
        using var statistics = new Statistics(
            new(() => context => _readings++ == 0 ? throw new IOException() : MetricsAsync(context)), _time, NullLogger<Statistics>.Instance);
        statistics.Notice();
        Keep(periods: 2, asking: false);
        Hit(1);

        Assert.Equal(1, (await statistics.AskAsync()).Recent.Total.Requests);
    }

    public void Dispose() => _statistics.Dispose();

    private void Hit(int count) => _hits += count;

    private void Keep(int periods, bool asking = true)
    {
        for (var i = 0; i < periods; i++)
        {
            if (asking)
            {
                _statistics.Notice();
            }

            _time.Advance(TimeSpan.FromSeconds(15));
        }
    }

    private Task MetricsAsync(HttpContext context)
    {
        _readings++;
        return context.Response.WriteAsync($"cacheproxy_requests_total{{detail=\"\",outcome=\"hit\",policy=\"customer\"}} {_hits}\n");
    }
}
