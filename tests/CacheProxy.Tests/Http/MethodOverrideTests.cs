using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9110 §9.1 and §9.2.1, and what frameworks make of other spellings of a method.</summary>
public sealed class MethodOverrideTests
{
    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("OPTIONS", true)]
    [InlineData("TRACE", true)]
    [InlineData("PROPFIND", true)]
    [InlineData("REPORT", true)]
    [InlineData("SEARCH", true)]
    [InlineData("QUERY", true)]
    [InlineData("PRI", true)]
    [InlineData("PROPPATCH", false)]
    [InlineData("COPY", false)]
    [InlineData("get", false)]
    [InlineData("POST", false)]
    [InlineData("M-SEARCH", false)]
    [InlineData("", false)]
    public void Only_what_is_registered_as_safe_is_safe_and_case_matters(string method, bool isSafe) => Assert.Equal(isSafe, Methods.IsSafe(method));

    [Theory]
    [InlineData("X-HTTP-Method-Override: DELETE", "", OverriddenMethod.Unsafe)]
    [InlineData("x-http-method: put", "", OverriddenMethod.Unsafe)]
    [InlineData("X-Method-Override: FOO", "", OverriddenMethod.Unsafe)]
    [InlineData("X-Method-Override: head", "", OverriddenMethod.Safe)]
    [InlineData("X-Method-Override: ", "", OverriddenMethod.Safe)]
    [InlineData("X-Method-Override: GET|X-Method-Override: PUT|X-HTTP-Method: GET", "", OverriddenMethod.Unsafe)]
    [InlineData("X-Method-Override: GET, PUT", "", OverriddenMethod.Unsafe)]
    [InlineData("X: 1", "?_method=DELETE", OverriddenMethod.Unsafe)]
    [InlineData("X: 1", "?a=b&_method=%44ELETE&c", OverriddenMethod.Unsafe)]
    [InlineData("X: 1", "?a=b;%5Fmethod=put", OverriddenMethod.Unsafe)]
    [InlineData("X: 1", "?_METHOD=get", OverriddenMethod.Safe)]
    [InlineData("X: 1", "?_method", OverriddenMethod.Safe)]
    [InlineData("X-HTTP-Method: GET", "?_method=PATCH", OverriddenMethod.Unsafe)]
    [InlineData("X: 1", "?_method=GET&_method=PATCH", OverriddenMethod.Unsafe)]
    [InlineData("X: 1", "?method=DELETE&a=_method=PUT&x_method=PUT&%zz", OverriddenMethod.None)]
    [InlineData("X: 1", "", OverriddenMethod.None)]
    [InlineData("X: 1", "?", OverriddenMethod.None)]
    public void Overrides_are_found_in_headers_and_query(string lines, string query, object expected) => Assert.Equal(expected, Find(lines, query));

    [Theory]
    [InlineData("X_HTTP_Method_Override: DELETE", OverriddenMethod.Unsafe)]
    [InlineData("x-http_method: put", OverriddenMethod.Unsafe)]
    [InlineData("X.Method.Override: GET", OverriddenMethod.Safe)]
    [InlineData("X-Method-Override: GET|X_Method_Override: PUT", OverriddenMethod.Unsafe)]
    [InlineData("X_Method: PUT", OverriddenMethod.None)]
    public void Also_in_headers_that_an_API_may_take_for_them(string lines, object expected) => Assert.Equal(expected, Find(lines, ""));

    [Theory]
    [InlineData("X-Original-URL: /admin", true)]
    [InlineData("x-rewrite-url: /admin", true)]
    [InlineData("X_Original_URL: /admin", true)]
    [InlineData("X-Forwarded-Prefix: /admin", false)]
    public void Some_headers_change_the_target(string line, bool changes) =>
        Assert.Equal(changes, MethodOverride.ChangesTarget(Headers.Live(line), FoldedHeaders.Of(Headers.Live(line))));

    [Fact]
    public void No_query_makes_it_throw() => Prop.ForAll(
        Texts.Near("a=%5f&_method=%44%zz;_method=%"),
        text => MethodOverride.Find(Headers.Live(), new QueryString("?" + text)) is var _).QuickCheckThrowOnFailure();

    private static OverriddenMethod Find(string lines, string query)
    {
        var headers = Headers.Live(lines.Split('|'));
        return MethodOverride.Find(headers, new QueryString(query), FoldedHeaders.Of(headers));
    }
}
