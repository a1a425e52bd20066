using System.IO.Compression;
using System.Text;
using CacheProxy.Http;
using CacheProxy.Reading.Comparing;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Reading.Comparing;

public sealed class AnswerDifferenceTests
{
    private const string Json = "application/json; charset=utf-8";

    [Theory]
    [InlineData("same", "same", null, null)]
    [InlineData("old", "new", null, "body")]
    [InlineData("{}", "{ }", null, "body")]
    [InlineData("{}", "{ }", Json, null)]
    [InlineData("""{"a":1}""", """{"a":2}""", Json, "/a")]
    [InlineData("""{"a":1}""", """{"a":""", Json, "body")]
    [InlineData("[1]", "{}", Json, "body")]
    [InlineData("""["\ud800"]""", """["\ud801"]""", Json, "body")]
    [InlineData("""{"\ud800":1}""", """{"\ud800":2}""", Json, "body")]
    public void Bytes_are_compared_and_where_both_are_JSON_what_they_say(string old, string now, string? type, string? place) =>
        Assert.Equal(place, Find(Encoding.UTF8.GetBytes(old), Encoding.UTF8.GetBytes(now), type, null));

    [Fact]
    public void Compressed_JSON_is_compared_too() =>
        Assert.Equal("/a", Find(Gzip("""{"a":1}"""), Gzip("""{"a":2}"""), Json, "gzip"));

    [Fact]
    public void Another_status_is_a_difference_whatever_the_body() => Assert.Equal(
        AnswerDifference.Status, AnswerDifference.Find(Stored("x"u8.ToArray(), null, null), 404, new HeaderDictionary(), "x"u8.ToArray(), []));

    private static string? Find(byte[] old, byte[] now, string? type, string? encoding) => AnswerDifference.Find(
        Stored(old, type, encoding), 200, new HeaderDictionary { ["Content-Type"] = type, ["Content-Encoding"] = encoding }, now, []);

    private static StoredResponse Stored(byte[] body, string? type, string? encoding) => new()
    {
        Status = 200,
        Headers = [.. type is null ? [] : (HeaderField[])[new("Content-Type", type)], .. encoding is null ? [] : (HeaderField[])[new("Content-Encoding", encoding)]],
        Body = body,
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 1000,
        Target = "",
    };

    private static byte[] Gzip(string text)
    {
        using var coded = new MemoryStream();
        using (var encoder = new GZipStream(coded, CompressionMode.Compress))
        {
            encoder.Write(Encoding.UTF8.GetBytes(text));
        }

        return coded.ToArray();
    }
}
