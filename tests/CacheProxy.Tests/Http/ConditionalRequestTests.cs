using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9110 §13 and RFC 9111 §4.3.2.</summary>
public sealed class ConditionalRequestTests
{
    private const string HourBefore = "Sun, 06 Nov 1994 07:49:37 GMT";
    private const string HourAfter = "Sun, 06 Nov 1994 09:49:37 GMT";

    [Theory]
    [InlineData("\"abcdef\"", "\"abcdef\"", true)]
    [InlineData("\"abcdef\", \"1234\"", "\"abcdef\"", true)]
    [InlineData("\"1234\",\"abcdef\" , \"5678\"", "\"abcdef\"", true)]
    [InlineData("\"1234\", , \"abcdef\"", "\"abcdef\"", true)]
    [InlineData("*", "\"abcdef\"", true)]
    [InlineData("*", null, true)]
    [InlineData("\"abcdef\"", null, false)]
    [InlineData("\"abc\"", "\"abcdef\"", false)]
    [InlineData("\"ABCDEF\"", "\"abcdef\"", false)]
    // §8.8.3.2: weak comparison ignores weakness on either side.
    [InlineData("W/\"abcdef\"", "W/\"abcdef\"", true)]
    [InlineData("W/\"abcdef\"", "\"abcdef\"", true)]
    [InlineData("\"abcdef\"", "W/\"abcdef\"", true)]
    // §8.8.3: commas and bytes beyond ASCII are part of a tag.
    [InlineData("\"a,b\", \"c\"", "\"a,b\"", true)]
    [InlineData("\"a,b\"", "\"a\"", false)]
    [InlineData("\"a,b\", \"c\"", "\"c\"", true)]
    [InlineData("\"abcdefü\"", "\"abcdefü\"", true)]
    // Tags without quotes only match themselves.
    [InlineData("abcdef", "abcdef", true)]
    [InlineData("abcdef", "\"abcdef\"", false)]
    [InlineData("W\"abcdef\"", "W\"abcdef\"", true)]
    [InlineData("\"abc", "\"abc", true)]
    [InlineData("", "\"abcdef\"", false)]
    public void If_none_match_is_answered_by_weak_comparison(string ifNoneMatch, string? etag, bool isNotModified) =>
        Assert.Equal(Answer(isNotModified), Evaluate([$"If-None-Match: {ifNoneMatch}"], new Validators(etag, null, Headers.Date)));

    [Fact]
    public void The_lines_of_if_none_match_are_one_list() =>
        Assert.Equal(
            ConditionalOutcome.NotModified,
            Evaluate(["If-None-Match: \"1\"", "If-None-Match: \"2\""], new Validators("\"2\"", null, null)));

    [Theory]
    [InlineData("\"a\"", HourBefore, true)]
    [InlineData("\"b\"", HourAfter, false)]
    public void If_none_match_makes_if_modified_since_void(string ifNoneMatch, string since, bool isNotModified) =>
        // §13.1.3
        Assert.Equal(
            Answer(isNotModified),
            Evaluate([$"If-None-Match: {ifNoneMatch}", $"If-Modified-Since: {since}"], new Validators("\"a\"", Headers.Date, Headers.Date)));

    [Theory]
    [InlineData(Headers.Date, Headers.Date, HourAfter, true)]
    [InlineData(HourAfter, Headers.Date, HourAfter, true)]
    [InlineData(HourBefore, Headers.Date, HourAfter, false)]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", Headers.Date, HourAfter, true)]
    [InlineData("Sun Nov  6 08:49:37 1994", Headers.Date, HourAfter, true)]
    // RFC 9111 §4.3.2: Date stands in for Last-Modified.
    [InlineData(Headers.Date, null, Headers.Date, true)]
    [InlineData(HourBefore, null, Headers.Date, false)]
    [InlineData(Headers.Date, null, null, false)]
    // RFC 9110 §13.1.3: what is no date is ignored.
    [InlineData("yesterday", Headers.Date, HourAfter, false)]
    [InlineData("", Headers.Date, HourAfter, false)]
    [InlineData(Headers.Date, "yesterday", HourAfter, false)]
    public void If_modified_since_is_compared_with_the_last_change(string since, string? lastModified, string? date, bool isNotModified) =>
        Assert.Equal(Answer(isNotModified), Evaluate([$"If-Modified-Since: {since}"], new Validators(null, lastModified, date)));

    [Fact]
    public void A_repeated_if_modified_since_is_ignored() =>
        Assert.Equal(
            ConditionalOutcome.Full,
            Evaluate([$"If-Modified-Since: {HourAfter}", $"If-Modified-Since: {HourAfter}"], new Validators(null, Headers.Date, Headers.Date)));

    [Theory]
    [InlineData("If-Match: \"a\"")]
    [InlineData("If-Match: *")]
    [InlineData("If-Unmodified-Since: " + HourAfter)]
    public void Conditions_meant_for_the_origin_are_forwarded(string line)
    {
        Assert.Equal(ConditionalOutcome.Forward, Evaluate([line, "If-None-Match: \"a\""], new Validators("\"a\"", null, null)));
        Assert.True(ConditionalRequest.MustForward(Headers.Live(line)));
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(301, false)]
    [InlineData(404, false)]
    public void Conditions_apply_only_to_what_would_be_a_success(int status, bool isNotModified) =>
        // §13.2.1
        Assert.Equal(
            Answer(isNotModified),
            ConditionalRequest.Evaluate(Headers.Live("If-None-Match: \"a\""), status, new Validators("\"a\"", null, null), Headers.DateMs));

    [Theory]
    [InlineData("If-None-Match: \"a\"", true)]
    [InlineData("If-Modified-Since: " + HourAfter, true)]
    [InlineData("If-Match: \"a\"", true)]
    [InlineData("If-Unmodified-Since: " + HourAfter, true)]
    [InlineData("If-Range: \"a\"", false)]
    [InlineData("Accept: */*", false)]
    public void Whether_a_request_is_conditional(string line, bool isPresent) =>
        Assert.Equal(isPresent, ConditionalRequest.IsPresent(Headers.Live(line)));

    [Fact]
    public void A_request_without_conditions_gets_the_full_response() =>
        Assert.Equal(ConditionalOutcome.Full, Evaluate([], new Validators("\"a\"", Headers.Date, Headers.Date)));

    [Theory]
    [InlineData("ETag: \"a\"", true)]
    [InlineData("Last-Modified: " + Headers.Date, true)]
    [InlineData("ETag: \"a\"|ETag: \"b\"", false)]
    [InlineData("ETag: ", false)]
    [InlineData("X: 1", false)]
    public void A_field_that_comes_once_is_a_validator(string lines, bool exist) =>
        Assert.Equal(exist, Validators.Of(Headers.Response(lines.Split('|'))).Exist);

    [Fact]
    public void A_tag_is_always_found_in_a_list_that_holds_it_and_no_text_makes_it_throw() => Prop.ForAll(
        Texts.Near("\"a\", W/\"b,c\", *"),
        text =>
        {
            EntityTag.IsInList(text, "\"tag\"");
            return EntityTag.IsInList(new([text, "\"tag\""]), "\"tag\"");
        }).QuickCheckThrowOnFailure();

    private static ConditionalOutcome Answer(bool isNotModified) =>
        isNotModified ? ConditionalOutcome.NotModified : ConditionalOutcome.Full;

    private static ConditionalOutcome Evaluate(string[] request, Validators stored) =>
        ConditionalRequest.Evaluate(Headers.Live(request), 200, stored, Headers.DateMs);
}
