using CacheProxy.Identity;
using CacheProxy.Writing;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Writing;

public sealed class LenientPathTests
{
    [Theory]
    [InlineData("/api/customers/1", "/api/customers/1")]
    [InlineData("/api/customers/1/", "/api/customers/1")]
    [InlineData("/api//customers///1", "/api/customers/1")]
    [InlineData("//api/customers/1", "/api/customers/1")]
    [InlineData("/api/./customers/1/.", "/api/customers/1")]
    [InlineData("/api/pets/../customers/1", "/api/customers/1")]
    [InlineData("/../../api/customers/1", "/api/customers/1")]
    [InlineData("/api/pets/%2e%2e/customers/1", "/api/customers/1")]
    [InlineData("/api/pets/.%2E/customers/1", "/api/customers/1")]
    [InlineData("/api/pets/%252e%252e/customers/1", "/api/customers/1")]
    [InlineData("/api%2Fcustomers%2F1", "/api/customers/1")]
    [InlineData("/api%252fcustomers%252f1", "/api/customers/1")]
    [InlineData("/api%c0%afcustomers/1", "/api/customers/1")]
    [InlineData("/api\\customers\\1", "/api/customers/1")]
    [InlineData("/api%5Ccustomers%5c1", "/api/customers/1")]
    [InlineData("/api;v=1/customers;x/1;y", "/api/customers/1")]
    [InlineData("/api/pets/..;/customers/1", "/api/customers/1")]
    [InlineData("/api/customers/1%3Bx", "/api/customers/1")]
    [InlineData("/api/customers/1%00.css", "/api/customers/1")]
    [InlineData("/api/customers/1%20", "/api/customers/1")]
    [InlineData("/api/customers/1%0d%0a", "/api/customers/1")]
    [InlineData("/api/customers/1.", "/api/customers/1")]
    [InlineData("/api/customers/1%2e%20.", "/api/customers/1")]
    [InlineData("/api/customers/%EF%BC%91", "/api/customers/1")]
    [InlineData("/api/customers/%u0031", "/api/customers/1")]
    [InlineData("/api/customers/1%3Fa=b", "/api/customers/1")]
    [InlineData("/api/customers/1?a=/b", "/api/customers/1")]
    [InlineData("/api/customers/1#a", "/api/customers/1")]
    [InlineData("http://host/api/customers/1", "/api/customers/1")]
    [InlineData("https://host:81/api/customers/1?x", "/api/customers/1")]
    [InlineData("http://host", "/")]
    [InlineData("api/customers/1", "/api/customers/1")]
    [InlineData("", "/")]
    [InlineData("*", "/*")]
    [InlineData("/...", "/")]
    [InlineData("/a%", "/a%")]
    public void A_path_is_read_as_the_most_lenient_API_reads_it(string path, string expected) => Assert.Equal(expected, LenientPath.Read(path));

    [Fact]
    public void A_well_formed_path_reads_as_it_stands() => Prop.ForAll(
        Gen.Elements("/", "a", "B1", ".c", "d.e", "%41", "~", "+", ":", "@").ArrayOf().Select(static parts => "/" + string.Concat(parts)).ToArbitrary(),
        static path => !WellFormedPath.Check(path)
            || (LenientPath.Read(path) is var read && read.TrimEnd('/') == Uri.UnescapeDataString(path).TrimEnd('/'))).QuickCheckThrowOnFailure();

    [Fact]
    public void What_was_read_is_beyond_doubt_or_no_key() => Prop.ForAll(
        Gen.Elements("/", "a", "..", ".", ";", "%2F", "%5c", "%00", "\\", " ", "%20", "%25", "2e", "?", "#")
            .ArrayOf().Select(static parts => "/" + string.Concat(parts)).ToArbitrary(),
        static path => LenientPath.Read(path) is ['/', ..] read
            && !read.Contains("//", StringComparison.Ordinal)
            && !read[1..].Split('/').Any(static segment => segment is "." or "..")).QuickCheckThrowOnFailure();
}
