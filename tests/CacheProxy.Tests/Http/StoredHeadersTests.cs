using CacheProxy.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §3.1, RFC 9110 §7.6.1.</summary>
public sealed class StoredHeadersTests
{
    [Fact]
    public void Everything_else_is_stored_in_order_line_by_line() =>
        Assert.Equal(
            ["X-B: 2", "X-A: 1", "X-A: 3", "Content-Length: 5", "Clear-Site-Data: \"cache\"", "Surrogate-Control: foo", "Empty: "],
            Store("X-B: 2", "X-A: 1", "X-A: 3", "Content-Length: 5", "Clear-Site-Data: \"cache\"", "Surrogate-Control: foo", "Empty: "));

    [Theory]
    [InlineData("Connection")]
    [InlineData("Keep-Alive")]
    [InlineData("Proxy-Authenticate")]
    [InlineData("Proxy-Authentication-Info")]
    [InlineData("Proxy-Authorization")]
    [InlineData("proxy-connection")]
    [InlineData("te")]
    [InlineData("Trailer")]
    [InlineData("Transfer-Encoding")]
    [InlineData("UPGRADE")]
    public void What_belongs_to_one_connection_is_not(string name)
    {
        Assert.True(HopByHopHeaders.IsHopByHop(name));
        Assert.Equal(["X: 1"], Store($"{name}: foo", "X: 1"));
    }

    [Fact]
    public void What_connection_names_is_not() =>
        Assert.Equal(["c: 3"], Store("Connection: a, B", "Connection: ,d", "a: 1", "b: 2", "c: 3", "D: 4"));

    [Fact]
    public void What_connection_named_is_not_though_the_forwarder_took_it_out()
    {
        var fields = StoredHeaders.Of(Headers.Live("a: 1", "b: 2", "c: 3"), new StringValues(["A", "x, b"]), default);
        Assert.Equal(["c: 3"], Headers.Lines(fields));
    }

    [Fact]
    public void What_no_cache_or_private_names_is_not() =>
        // §5.2.2.4, §5.2.2.7
        Assert.Equal(
            ["c: 3", "Cache-Control: no-cache=\"a, b\", private=D, max-age=60"],
            Store("a: 1", "B: 2", "c: 3", "d: 4", "Cache-Control: no-cache=\"a, b\", private=D, max-age=60"));

    [Fact]
    public void Age_and_cookies_are_not() =>
        Assert.Equal(["X: 1"], Store("Age: 7", "Set-Cookie: a=b", "X: 1"));

    private static string[] Store(params string[] lines)
    {
        var headers = Headers.Live(lines);
        return Headers.Lines(StoredHeaders.Of(headers, headers["Connection"], ResponseDirectives.Of(new ResponseHeaders(headers))));
    }
}
