using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class WritePaceTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly ResourceKey Key = new("demo:customer:1");

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryPaces _paces;

    public WritePaceTests() => _paces = new MemoryPaces(_time);

    [Theory]
    // Nothing known; just seen; unwritten for long and for very long; written often lately, and not for long.
    [InlineData(null, null, 60)]
    [InlineData(0L, null, 60)]
    [InlineData(18_000_000L, null, 1800)]
    [InlineData(360_000_000L, null, 3600)]
    [InlineData(0L, 18_000_000d, 1800)]
    [InlineData(18_000_000L, 1000d, 1800)]
    [InlineData(1000L, 1000d, 60)]
    public void A_tenth_of_the_time_in_which_no_write_is_expected_within_the_bounds(long? sinceMs, double? meanMs, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new WritePace(sinceMs, meanMs).Lifetime(Minute, Hour));

    [Fact]
    public void The_latest_interval_counts_a_quarter()
    {
        Assert.Equal(new WritePace(0, 1000), new WritePace(1000, null).Written());
        Assert.Equal(new WritePace(0, 1750), new WritePace(4000, 1000).Written());
        Assert.Equal(new WritePace(0, 750), new WritePace(0, 1000).Written());
    }

    [Theory]
    [InlineData("", null, null)]
    [InlineData("foreign key", null, null)]
    [InlineData("12 ", 12L, null)]
    [InlineData("12 34", 12L, 34d)]
    public void Reads_what_the_script_says(string text, long? sinceMs, double? meanMs) => Assert.Equal(new WritePace(sinceMs, meanMs), WritePace.Parse(text));

    [Fact]
    public async Task Only_what_was_filled_is_known_and_counts_its_writes_from_then_on()
    {
        Assert.False((await NoteAsync(PaceStep.Filling)).IsKnown);
        Assert.False((await NoteAsync(PaceStep.Written)).IsKnown);
        Assert.Equal(new WritePace(0, null), await NoteAsync(PaceStep.Filled));

        _time.Advance(Minute);
        Assert.Equal(new WritePace(60_000, null), await NoteAsync(PaceStep.Filling));
        Assert.Equal(new WritePace(60_000, null), await NoteAsync(PaceStep.Filled));
        Assert.Equal(new WritePace(0, 60_000), await NoteAsync(PaceStep.Written));
        _time.Advance(5 * Minute);
        Assert.Equal(new WritePace(0, 120_000), await NoteAsync(PaceStep.Written));
        Assert.Equal(1, _paces.Count);
    }

    [Fact]
    public async Task What_nobody_fills_or_writes_for_so_long_is_forgotten()
    {
        await NoteAsync(PaceStep.Filled);
        _time.Advance(Day - Minute);
        Assert.True((await NoteAsync(PaceStep.Filling)).IsKnown);
        _time.Advance(Day - Minute);
        Assert.True((await NoteAsync(PaceStep.Filling)).IsKnown);

        _time.Advance(Day);
        Assert.False((await NoteAsync(PaceStep.Filling)).IsKnown);
        Assert.Equal(0, _paces.Count);
    }

    [Fact]
    public async Task The_number_of_resources_is_bounded_and_those_in_use_stay()
    {
        await NoteAsync(PaceStep.Filled);
        for (var i = 0; i < 3 * MemoryPaces.MostYoung; i++)
        {
            await _paces.NoteAsync(new ResourceKey($"demo:customer:x{i}"), PaceStep.Filled, Day, new StoreTimeoutBudget(Minute));
            if (i % 1000 == 0)
            {
                Assert.True((await NoteAsync(PaceStep.Filling)).IsKnown);
            }
        }

        Assert.InRange(_paces.Count, MemoryPaces.MostYoung, 2 * MemoryPaces.MostYoung);
    }

    private ValueTask<WritePace> NoteAsync(PaceStep step) => _paces.NoteAsync(Key, step, Day, new StoreTimeoutBudget(Minute));
}
