using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9110 §5.6.7 and RFC 9111 §4.2.</summary>
public sealed class HttpDateTests
{
    private const long In2026Ms = 1_795_500_000_000;

    [Theory]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT")]
    [InlineData("Sun Nov  6 08:49:37 1994")]
    [InlineData("SUN, 06 NOV 1994 08:49:37 gmt")]
    [InlineData("Wed, 06 Nov 1994 08:49:37 GMT")]
    [InlineData("  Sun, 06 Nov 1994 08:49:37 GMT ")]
    public void All_three_forms_are_read_in_any_case_and_whatever_the_weekday(string text)
    {
        Assert.True(HttpDate.TryParse(text, In2026Ms, out var unixMs));
        Assert.Equal(Headers.DateMs, unixMs);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("now")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 UTC")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 AEST")]
    [InlineData("Thu, 18 Aug 50 02:01:18 GMT")]
    [InlineData("Thu 18 Aug 2050 02:01:18 GMT")]
    [InlineData("Thu, 18  Aug  2050 02:01:18 GMT")]
    [InlineData("Thu, 18-Aug-2050 02:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 02.01.18 GMT")]
    [InlineData("Thu, 18 Aug 2050 2:01:18 GMT")]
    [InlineData("Thu, 32 Aug 2050 02:01:18 GMT")]
    [InlineData("Thu, 18 Foo 2050 02:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 24:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 02:60:18 GMT")]
    [InlineData("Thu, 18 Aug 0000 02:01:18 GMT")]
    [InlineData("Thu, 29 Feb 2049 02:01:18 GMT")]
    [InlineData("2050-08-18T02:01:18Z")]
    public void Anything_else_is_no_date(string text) => Assert.False(HttpDate.TryParse(text, In2026Ms, out _));

    [Theory]
    [InlineData("Thursday, 18-Aug-50 02:01:18 GMT", 2050)]
    [InlineData("Thursday, 18-Aug-76 02:01:18 GMT", 2076)]
    [InlineData("Thursday, 18-Aug-77 02:01:18 GMT", 1977)]
    [InlineData("Thursday, 18-Aug-99 02:01:18 GMT", 1999)]
    [InlineData("Thursday, 18-Aug-26 02:01:18 GMT", 2026)]
    public void A_two_digit_year_more_than_fifty_years_ahead_is_past(string text, int year)
    {
        Assert.True(HttpDate.TryParse(text, In2026Ms, out var unixMs));
        Assert.Equal(year, DateTimeOffset.FromUnixTimeMilliseconds(unixMs).Year);
    }

    [Fact]
    public void A_leap_second_is_the_first_second_of_the_next_minute()
    {
        Assert.True(HttpDate.TryParse("Sat, 31 Dec 2016 23:59:60 GMT", In2026Ms, out var unixMs));
        Assert.Equal(new DateTimeOffset(2017, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), unixMs);
    }

    [Fact]
    public void Every_second_survives_formatting_and_parsing() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).Select(seconds => seconds * 100L).ToArbitrary(),
        seconds =>
        {
            var date = DateTimeOffset.FromUnixTimeSeconds(seconds);
            return HttpDate.TryParse(date.ToString("R"), In2026Ms, out var unixMs) && unixMs == seconds * 1000;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll(
        Texts.Near("Sunday, 06-Nov-94 08:49:37 GMT"),
        text => HttpDate.TryParse(text, In2026Ms, out _) || true).QuickCheckThrowOnFailure();
}
