using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9110 §13.1.5 and §14.</summary>
public sealed class ByteRangeTests
{
    [Theory]
    [InlineData("bytes=0-1", 11, 0, 1)]
    [InlineData("bytes=1-", 11, 1, 10)]
    [InlineData("bytes=-1", 11, 10, 10)]
    [InlineData("bytes=-100", 11, 0, 10)]
    [InlineData("bytes=0-0", 11, 0, 0)]
    [InlineData("bytes=10-10", 11, 10, 10)]
    [InlineData("bytes=5-999", 11, 5, 10)]
    [InlineData("bytes=0-99999999999999999999999999", 11, 0, 10)]
    [InlineData("bytes=-99999999999999999999999999", 11, 0, 10)]
    [InlineData("BYTES=0-1", 11, 0, 1)]
    [InlineData(" bytes= 0-1 ", 11, 0, 1)]
    public void One_range_is_served_as_far_as_the_body_goes(string value, long bodyLength, long first, long last)
    {
        Assert.Equal(RangeOutcome.Partial, ByteRange.Select(value, bodyLength, out var range));
        Assert.Equal(new ByteRange(first, last), range);
        Assert.Equal(last - first + 1, range.Length);
    }

    [Theory]
    [InlineData("bytes=11-", 11)]
    [InlineData("bytes=11-20", 11)]
    [InlineData("bytes=99999999999999999999999999-", 11)]
    [InlineData("bytes=-0", 11)]
    [InlineData("bytes=0-", 0)]
    [InlineData("bytes=-0", 0)]
    public void A_range_outside_of_the_body_cannot_be_satisfied(string value, long bodyLength) =>
        Assert.Equal(RangeOutcome.Unsatisfiable, ByteRange.Select(value, bodyLength, out _));

    [Theory]
    [InlineData("")]
    [InlineData("bytes")]
    [InlineData("bytes=")]
    [InlineData("bytes=-")]
    [InlineData("bytes=5-1")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=0-1,3-4")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=1--2")]
    [InlineData("lines=0-1")]
    [InlineData("bytes=0 - 1")]
    public void Other_units_several_ranges_and_errors_give_the_whole_body(string value) =>
        Assert.Equal(RangeOutcome.Whole, ByteRange.Select(value, 11, out _));

    [Fact]
    public void No_range_or_a_repeated_field_gives_the_whole_body()
    {
        Assert.Equal(RangeOutcome.Whole, ByteRange.Select(default, 11, out _));
        Assert.Equal(RangeOutcome.Whole, ByteRange.Select(new StringValues(["bytes=0-1", "bytes=0-1"]), 11, out _));
    }

    [Fact]
    public void A_suffix_of_an_empty_body_is_the_whole_body() =>
        Assert.Equal(RangeOutcome.Whole, ByteRange.Select("bytes=-5", 0, out _));

    [Fact]
    public void Content_range_names_the_bytes_and_the_length_of_all()
    {
        // §14.4
        Assert.Equal("bytes 0-1/11", new ByteRange(0, 1).ContentRange(11));
        Assert.Equal("bytes */11", ByteRange.ContentRangeUnsatisfied(11));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("\"a\"", true)]
    [InlineData("\"b\"", false)]
    [InlineData("W/\"a\"", false)]
    [InlineData("\"a\", \"b\"", false)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", true)]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", true)]
    [InlineData("Sun, 06 Nov 1994 08:49:38 GMT", false)]
    [InlineData("Sun, 06 Nov 1994 08:49:36 GMT", false)]
    [InlineData("yesterday", false)]
    [InlineData("", false)]
    public void If_range_holds_for_this_representation_only(string? condition, bool isAllowed)
    {
        var stored = new Validators("\"a\"", Headers.Date, "Sun, 06 Nov 1994 08:50:37 GMT");
        var field = condition is null ? default : new StringValues(condition);
        Assert.Equal(isAllowed, ByteRange.IsAllowedByIfRange(field, stored, Headers.DateMs));
    }

    [Fact]
    public void A_weak_tag_is_no_condition_for_a_range() =>
        Assert.False(ByteRange.IsAllowedByIfRange("W/\"a\"", new Validators("W/\"a\"", null, Headers.Date), Headers.DateMs));

    [Theory]
    [InlineData(Headers.Date)]
    [InlineData(null)]
    public void A_date_that_may_be_of_two_changes_within_a_second_is_no_condition_for_a_range(string? date) =>
        // §8.8.2.2
        Assert.False(ByteRange.IsAllowedByIfRange(Headers.Date, new Validators(null, Headers.Date, date), Headers.DateMs));

    [Fact]
    public void A_range_always_lies_within_the_body() => Prop.ForAll(
        Texts.Near("bytes=12-345"),
        ArbMap.Default.ArbFor<NonNegativeInt>(),
        (text, length) =>
            ByteRange.Select(text, length.Get, out var range) != RangeOutcome.Partial
            || (range.First >= 0 && range.First <= range.Last && range.Last < length.Get)).QuickCheckThrowOnFailure();

    [Fact]
    public void Ranges_of_numbers_are_cut_to_the_body() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNegativeInt>(),
        ArbMap.Default.ArbFor<NonNegativeInt>(),
        ArbMap.Default.ArbFor<PositiveInt>(),
        (first, more, length) =>
        {
            var outcome = ByteRange.Select($"bytes={first.Get}-{(long)first.Get + more.Get}", length.Get, out var range);
            return first.Get >= length.Get
                ? outcome == RangeOutcome.Unsatisfiable
                : outcome == RangeOutcome.Partial && range == new ByteRange(first.Get, Math.Min((long)first.Get + more.Get, length.Get - 1));
        }).QuickCheckThrowOnFailure();
}
