using CacheProxy.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class CanonicalPathTests
{
    private const string Uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

    [Theory]
    [InlineData("/api/customers/{id}", "/api/customers/1")]
    [InlineData("/api/customers/{id}", "/api/customers/AB12")]
    [InlineData("/api/customers/{id}", "/api/customers/" + Uuid)]
    [InlineData("/API/Customers/{id:alpha}/", "/API/Customers/a")]
    [InlineData("api/{id}/parts", "/api/1/parts")]
    [InlineData("/api/v1.{id}-x", "/api/v1.2-x")]
    public void The_routes_path_with_the_keys_values_is_canonical(string route, string path) => Assert.True(Matches("{id}", route, path));

    [Theory]
    [InlineData("/api/customers/{id}", "/API/customers/1")]
    [InlineData("/api/customers/{id}", "/api/customers/1/")]
    [InlineData("/api/customers/{id}", "/api/customers/%31")]
    [InlineData("/api/customers/{id}", "/%61pi/customers/1")]
    [InlineData("/api/customers/{id}", "/api/customers/0F8FAD5B-D9CB-469F-A165-70867728950E")]
    [InlineData("/API/Customers/{id}", "/api/customers/1")]
    [InlineData("/api/customers/{id=1}", "/api/customers")]
    public void Any_other_spelling_is_not(string route, string path) => Assert.False(Matches("{id}", route, path));

    [Theory]
    [InlineData("/a/b-1", true)]
    [InlineData("/", true)]
    [InlineData("/a/b/", false)]
    [InlineData("/A", false)]
    [InlineData("/%61", false)]
    public void Under_a_key_that_names_the_path_it_is_the_one_in_the_key(string path, bool isCanonical) =>
        Assert.Equal(isCanonical, Matches("{host}{path}", "/{**any}", path));

    private static bool Matches(string key, string route, string path)
    {
        Assert.True(KeyTemplate.TryParse(key, out var template, out _));
        var pattern = RoutePatternFactory.Parse(route);
        var values = new RouteValueDictionary();
        Assert.True(new TemplateMatcher(new RouteTemplate(pattern), new RouteValueDictionary(pattern.Defaults)).TryMatch(Uri.UnescapeDataString(path), values));
        return new CanonicalPath(template!, route).Matches(path, values);
    }
}
