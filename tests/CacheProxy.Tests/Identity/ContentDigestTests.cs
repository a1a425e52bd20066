using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class ContentDigestTests
{
    private static readonly Gen<Asked> Requests =
        from method in Gen.Elements("QUERY", "POST")
        from type in Gen.Elements(null, "", "text/plain", "application/json")
        from encoding in Gen.Elements(null, "gzip")
        from content in Gen.Elements("", "a", "b", "ab", "?a", "text/plain")
        from query in Gen.Elements("", "?", "?a", "?ab")
        select new Asked(method, type, encoding, content, query);

    private sealed record Asked(string Method, string? Type, string? Encoding, string Content, string Query);

    [Fact]
    public void No_two_different_requests_ask_for_the_same() => Prop.ForAll(
        Requests.Two().ToArbitrary(),
        static pair => pair.Item1.Equals(pair.Item2) == (Compute(pair.Item1) == Compute(pair.Item2))).QuickCheckThrowOnFailure();

    [Fact]
    public void None_asks_for_what_a_GET_asks_for() => Prop.ForAll(
        Requests.ToArbitrary(), static request => Compute(request) is { Length: >= 64 } asked && asked[0] != '?').QuickCheckThrowOnFailure();

    [Fact]
    public void Its_length_says_nothing() =>
        Assert.Equal(
            Compute(new("POST", null, null, "a", "")), ContentDigest.Compute("POST", new HeaderDictionary { ["Content-Length"] = "1", ["Accept"] = "b" }, "a"u8, ""));

    private static string Compute(Asked asked)
    {
        IHeaderDictionary headers = new HeaderDictionary();
        if (asked.Type is not null)
        {
            headers.ContentType = asked.Type;
        }

        if (asked.Encoding is not null)
        {
            headers.ContentEncoding = asked.Encoding;
        }

        return ContentDigest.Compute(asked.Method, headers, System.Text.Encoding.UTF8.GetBytes(asked.Content), asked.Query);
    }
}
