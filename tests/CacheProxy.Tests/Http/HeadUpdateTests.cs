using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §4.3.5: whether a 200 to HEAD speaks of the stored GET response.</summary>
public sealed class HeadUpdateTests
{
    private static readonly HeaderField[] Stored =
        Headers.Stored("ETag: \"a\"", $"Last-Modified: {Headers.Date}", "Content-Length: 10", "X: 1");

    [Theory]
    [InlineData("ETag: \"a\"|Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT|Content-Length: 10")]
    [InlineData("ETag: \"a\"")]
    public void With_the_same_validator_the_stored_response_is_the_current_one(string lines) =>
        Assert.Equal(HeadEvidence.Current, HeadUpdate.Judge(Stored, 10, Headers.Live(lines.Split('|'))));

    [Theory]
    [InlineData("ETag: W/\"a\"")]
    [InlineData("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")]
    public void So_it_is_with_a_weak_tag_or_a_date_where_there_is_no_tag(string line) =>
        Assert.Equal(HeadEvidence.Current, HeadUpdate.Judge(Headers.Stored(line), 10, Headers.Live(line)));

    [Theory]
    [InlineData("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")]
    [InlineData("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT|ETag: \"a\"|ETag: \"b\"")]
    [InlineData("Content-Length: 10|X: 2")]
    // A HEAD may leave out what it cannot know (RFC 9110 §9.3.2).
    [InlineData("Cache-Control: max-age=60")]
    public void Without_one_nothing_is_proven(string lines) =>
        Assert.Equal(HeadEvidence.None, HeadUpdate.Judge(Stored, 10, Headers.Live(lines.Split('|'))));

    [Theory]
    [InlineData("ETag: \"b\"|Content-Length: 10")]
    [InlineData("ETag: W/\"a\"")]
    [InlineData("Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT")]
    [InlineData("ETag: \"a\"|Content-Length: 11")]
    [InlineData("Content-Length: 0")]
    public void With_others_it_is_out_of_date(string lines) =>
        Assert.Equal(HeadEvidence.OutOfDate, HeadUpdate.Judge(Stored, 10, Headers.Live(lines.Split('|'))));

    [Fact]
    public void A_validator_that_the_stored_response_has_not_makes_it_out_of_date() =>
        Assert.Equal(HeadEvidence.OutOfDate, HeadUpdate.Judge(Headers.Stored("X: 1"), 10, Headers.Live("ETag: \"a\"")));

    [Fact]
    public void The_length_is_that_of_the_stored_body_not_of_a_stored_field() =>
        Assert.Equal(HeadEvidence.OutOfDate, HeadUpdate.Judge(Headers.Stored("Content-Length: 10"), 9, Headers.Live("Content-Length: 10")));
}
