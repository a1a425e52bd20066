using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 6901, and <c>*</c>.</summary>
public sealed class JsonPointerTests
{
    private const string Json = "application/json";
    private const string Customer =
        """{"id":"c1","plan":null,"pets":[{"id":7},{"id":"8"},{"name":"none"}],"a/b":1,"m~n":2,"~1":3,"":4,"tags":{"x":"y","z":true}}""";

    [Theory]
    [InlineData("/id", "c1")]
    [InlineData("/pets/*/id", "7,8")]
    [InlineData("/pets/1/id", "8")]
    [InlineData("/pets/01/id", "")]
    [InlineData("/pets/3/id", "")]
    [InlineData("/pets/-/id", "")]
    [InlineData("/a~1b", "1")]
    [InlineData("/m~0n", "2")]
    [InlineData("/~01", "3")]
    [InlineData("/", "4")]
    [InlineData("/tags/*", "y,true")]
    [InlineData("/plan", "")]
    [InlineData("/id/*", "")]
    [InlineData("/absent/*/id", "")]
    public void A_pointer_names_what_is_there(string text, string expected) => Assert.Equal(expected, string.Join(',', Find(Customer, text)));

    [Theory]
    [InlineData("id")]
    [InlineData("/a~")]
    [InlineData("/a~2")]
    [InlineData("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17")]
    public void What_is_no_pointer_is_refused(string text) => Assert.False(JsonPointer.TryParse(text, out _));

    [Fact]
    public void More_values_than_the_limit_are_said_to_be_more()
    {
        using var document = JsonDocument.Parse(Customer);
        Assert.True(JsonPointer.TryParse("/pets/*/id", out var pointer));

        Assert.True(pointer.TryFind(document.RootElement, 2, []));
        Assert.False(pointer.TryFind(document.RootElement, 1, []));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_text() => Assert.Empty(Find("""{"id":"\ud800"}""", "/id"));

    [Fact]
    public void Any_member_is_found_by_its_escaped_name() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<NonNull<string>>().Where(static name => IsText(name.Get) && name.Get is not "*" && name.Get.Length < 100).ToArbitrary(),
        static name =>
        {
            var escaped = "/" + name.Get.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
            var body = JsonSerializer.Serialize(new Dictionary<string, string> { [name.Get] = "found" });
            return Find(body, escaped).SequenceEqual(["found"]);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/problem+json; charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    public void A_json_body_is_read(string contentType) => Assert.True(IsRead(Encoding.UTF8.GetBytes(Customer), contentType));

    [Fact]
    public void A_body_with_a_name_that_is_no_text_is_not_read() =>
        Assert.False(IsRead(Encoding.UTF8.GetBytes("""{"\ud800":1}"""), "application/json"));

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=iso-8859-1")]
    public void A_body_of_another_type_is_not_read(string? contentType) => Assert.False(IsRead(Encoding.UTF8.GetBytes(Customer), contentType));

    [Theory]
    [InlineData("{")]
    [InlineData("""{"id":1,"id":2}""")]
    [InlineData("""{"id":1} {"id":2}""")]
    [InlineData("""{"\ud800":1,"id":2}""")]
    [InlineData("")]
    public void A_body_that_readers_would_differ_about_is_not_read(string body) => Assert.False(IsRead(Encoding.UTF8.GetBytes(body), Json));

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public void An_encoded_body_is_decoded_within_the_limit(string encoding)
    {
        var body = Encode(Encoding.UTF8.GetBytes(Customer), encoding);

        Assert.True(IsRead(body, Json, encoding));
        Assert.False(IsRead(body, Json, encoding, Customer.Length - 1));
        Assert.False(IsRead(Encoding.UTF8.GetBytes(Customer), Json, encoding));
        Assert.False(IsRead(body, Json, $"{encoding}, {encoding}"));
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_it() => Assert.True(IsRead([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Customer)], Json));

    private static bool IsRead(byte[] body, string? contentType, string? encoding = null, int maxBytes = 1024 * 1024)
    {
        var read = JsonBody.TryParse(body, contentType, encoding, maxBytes, out var document);
        document?.Dispose();
        return read;
    }

    private static bool IsText(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static byte[] Encode(byte[] body, string encoding)
    {
        using var encoded = new MemoryStream();
        using (Stream encoder = encoding switch
        {
            "gzip" => new GZipStream(encoded, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(encoded, CompressionLevel.Fastest, leaveOpen: true),
            _ => new ZLibStream(encoded, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            encoder.Write(body);
        }

        return encoded.ToArray();
    }

    private static List<string> Find(string json, string text)
    {
        using var document = JsonDocument.Parse(json);
        Assert.True(JsonPointer.TryParse(text, out var pointer));
        List<JsonElement> found = [];
        Assert.True(pointer.TryFind(document.RootElement, 100, found));
        List<string> texts = [];
        foreach (var value in found)
        {
            if (JsonPointer.TryText(value, out var scalar))
            {
                texts.Add(scalar);
            }
        }

        return texts;
    }
}
