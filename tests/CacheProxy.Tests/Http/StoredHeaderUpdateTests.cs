using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §3.2, §4.3.4 and §4.3.5.</summary>
public sealed class StoredHeaderUpdateTests
{
    [Fact]
    public void New_lines_replace_all_old_ones_in_their_place_and_others_stay()
    {
        var stored = Headers.Stored("A: 1", "B: 1", "a: 2", "C: 1");
        Assert.Equal(["A: 3", "A: 4", "B: 1", "C: 1", "D: 1"], Merge(stored, "a: 3", "A: 4", "D: 1"));
    }

    [Theory]
    [InlineData("Content-Length")]
    [InlineData("content-encoding")]
    [InlineData("Content-Range")]
    [InlineData("Content-MD5")]
    [InlineData("Content-Digest")]
    [InlineData("Repr-Digest")]
    [InlineData("ETag")]
    public void What_describes_the_stored_body_stays(string name)
    {
        Assert.Equal([$"{name}: 1", "X: 2"], Merge(Headers.Stored($"{name}: 1", "X: 1"), $"{name}: 2", "X: 2"));
        Assert.Equal(["X: 2"], Merge(Headers.Stored("X: 1"), $"{name}: 2", "X: 2"));
    }

    [Theory]
    [InlineData("Connection: close")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Set-Cookie: a=b")]
    [InlineData("Age: 5")]
    [InlineData("Connection: Y|Y: 1")]
    public void What_is_never_stored_is_not_taken_over(string lines) =>
        Assert.Equal(["X: 1"], Merge(Headers.Stored("X: 1"), lines.Split('|')));

    [Theory]
    [InlineData("Cache-Control", "max-age=1", "max-age=3600")]
    [InlineData("Content-Type", "text/plain", "text/plain;charset=utf-8")]
    [InlineData("Content-Location", "/foo", "/bar")]
    [InlineData("Expires", "0", Headers.Date)]
    [InlineData("Content-Foo", "1", "2")]
    public void Other_fields_are_taken_over(string name, string before, string after) =>
        Assert.Equal([$"{name}: {after}"], Merge(Headers.Stored($"{name}: {before}"), $"{name}: {after}"));

    [Fact]
    public void Fields_withheld_by_either_set_of_headers_are_dropped()
    {
        Assert.Equal(
            ["Cache-Control: no-cache=\"a\"", "b: 1"],
            Merge(Headers.Stored("Cache-Control: no-cache=\"a\"", "b: 1"), "a: 2"));
        Assert.Equal(
            ["Cache-Control: private=\"b\""],
            Merge(Headers.Stored("Cache-Control: max-age=1", "b: 1"), "Cache-Control: private=\"b\""));
    }

    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"a\"", true)]
    [InlineData("ETag: \"a\"", "ETag: W/\"a\"", true)]
    [InlineData("ETag: \"a\"", "ETag: \"b\"", false)]
    [InlineData("Last-Modified: " + Headers.Date, "ETag: \"b\"", false)]
    [InlineData("ETag: \"a\"", "X: 1", true)]
    [InlineData("Last-Modified: " + Headers.Date, "Last-Modified: " + Headers.Date, true)]
    [InlineData("Last-Modified: " + Headers.Date, "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT", false)]
    [InlineData("ETag: \"a\"", "Last-Modified: " + Headers.Date, true)]
    public void A_304_concerns_the_stored_response_with_its_validator(string stored, string update, bool expected) =>
        Assert.Equal(expected, StoredHeaderUpdate.Concerns(Headers.Stored(stored), Headers.Live(update)));

    private static string[] Merge(HeaderField[] stored, params string[] update) =>
        Headers.Lines(StoredHeaderUpdate.Merge(stored, Headers.Live(update), Headers.Live(update)["Connection"]));
}
