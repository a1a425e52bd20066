using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §4.4.</summary>
public sealed class AffectedResourcesTests
{
    private static readonly Uri Target = new("http://api.example.com/api/customers/1?x=y");

    [Theory]
    [InlineData("/api/customers/2", "/api/customers/2")]
    [InlineData("2", "/api/customers/2")]
    [InlineData("../pets/3?full=1", "/api/pets/3?full=1")]
    [InlineData("?page=2", "/api/customers/1?page=2")]
    [InlineData("http://api.example.com/a", "/a")]
    [InlineData("HTTP://API.Example.com:80/a", "/a")]
    [InlineData("https://api.example.com/a", "/a")]
    [InlineData("//api.example.com/a", "/a")]
    [InlineData(" /a ", "/a")]
    [InlineData("/a%2Fb", "/a%2Fb")]
    [InlineData("/a#part", "/a")]
    [InlineData("http://api.example.com", "/")]
    public void A_reference_to_the_same_origin_gives_its_path_and_query(string reference, string expected) =>
        Assert.Equal(expected, AffectedResources.SameOrigin(Target, reference));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("http://other.example.com/a")]
    [InlineData("http://api.example.com:8080/a")]
    [InlineData("//other.example.com/a")]
    [InlineData("http://api.example.com.evil.example/a")]
    [InlineData("ftp://api.example.com/a")]
    [InlineData("mailto:a@example.com")]
    [InlineData("http://[bad/a")]
    public void Another_origin_is_not_affected(string? reference) => Assert.Null(AffectedResources.SameOrigin(Target, reference));

    [Fact]
    public void Both_headers_are_read_against_the_requests_target()
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Host, request.Path) = ("http", new HostString("demo.example.com", 4004), "/api/customers");
        var affected = AffectedResources.Of(
            request, Headers.Live("Location: http://demo.example.com:4004/api/customers/7", "Content-Location: customers/8"));
        Assert.Equal(("/api/customers/7", "/api/customers/8"), affected);
        Assert.Equal((null, null), AffectedResources.Of(request, Headers.Live("X: 1")));
    }

    [Fact]
    public void A_request_without_a_usable_host_affects_nothing_else()
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Host) = ("http", new HostString("not a host"));
        Assert.Equal((null, null), AffectedResources.Of(request, Headers.Live("Location: /a")));
    }

    [Theory]
    [InlineData(199, false)]
    [InlineData(200, true)]
    [InlineData(303, true)]
    [InlineData(399, true)]
    [InlineData(400, false)]
    [InlineData(500, false)]
    public void Success_and_redirection_are_no_errors(int status, bool isNonError) =>
        Assert.Equal(isNonError, AffectedResources.IsNonError(status));

    [Fact]
    public void A_path_always_comes_from_the_same_host_and_no_text_makes_it_throw() => Prop.ForAll(
        Texts.Near("http://api.example.com:80/a/../b?c#d"),
        text => AffectedResources.SameOrigin(Target, text) is null or ['/', ..]).QuickCheckThrowOnFailure();
}
