using CacheProxy.Configuration;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("250ms", 250)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("5m", 300_000)]
    [InlineData("5 m", 300_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("00:05:00", 300_000)]
    [InlineData("0:05:00", 300_000)]
    [InlineData("00:00:00.250", 250)]
    [InlineData("24:00:00", 86_400_000)]
    public void Reads_clock_and_unit_forms(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("5")]
    [InlineData("-1s")]
    [InlineData("-00:00:01")]
    [InlineData("1.00:00:00")]
    [InlineData("00:05")]
    [InlineData("00:60:00")]
    [InlineData("00:00:60")]
    [InlineData("00:00.5:00")]
    [InlineData("00:5.:00")]
    [InlineData("5 minutes")]
    [InlineData("5M")]
    [InlineData("s")]
    [InlineData("1,5s")]
    [InlineData("1e3s")]
    [InlineData("NaNs")]
    [InlineData("99999999999999999999d")]
    [InlineData("")]
    public void Refuses_what_could_mean_something_else(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Fact]
    public void What_it_writes_it_reads_back() =>
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue).ToArbitrary(),
            milliseconds =>
            {
                var duration = TimeSpan.FromMilliseconds(milliseconds);
                return DurationText.TryParse(DurationText.Format(duration), out var read) && read == duration;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_read_or_refused_but_never_negative() =>
        Prop.ForAll<NonNull<string>>(text =>
            !DurationText.TryParse(text.Get, out var duration) || duration >= TimeSpan.Zero).QuickCheckThrowOnFailure();
}
