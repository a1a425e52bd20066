using CacheProxy.Identity;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class TagTemplateTests
{
    private const string Upper = "0A1B2C3D-0000-4000-8000-ABCDEFABCDEF";

    private static readonly Dictionary<string, List<string>> Nothing = [];

    [Theory]
    [InlineData("vip")]
    [InlineData("{tenant}:vip")]
    [InlineData("plan:{plan}")]
    public void A_template_is_text_with_the_tenant_and_names_of_values(string text)
    {
        Assert.True(TagTemplate.TryParse(text, out var template, out _));
        Assert.Equal(text, template.Text);
    }

    [Theory]
    [InlineData("{host}:vip")]
    [InlineData("all{path}")]
    [InlineData("a b")]
    [InlineData("plan:{plan")]
    [InlineData("{a}{b}")]
    [InlineData("{tenant}")]
    public void Anything_else_is_refused_with_what_is_allowed(string text)
    {
        Assert.False(TagTemplate.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem!);
    }

    [Fact]
    public void A_request_makes_one_tag_in_one_spelling()
    {
        Assert.Equal($"demo:{Upper.ToLowerInvariant()}", Format("{tenant}:{id}", Upper));
        Assert.Equal("a.b", Format("{id}", "a.b"));
    }

    [Fact]
    public void A_value_that_could_be_read_in_two_ways_makes_none_but_evicts_what_it_may_mean()
    {
        Assert.Null(Format("{id}", "1;2"));
        Assert.Equal("1", Format("{id}", "1;2", lenient: true));
    }

    [Fact]
    public void Each_value_of_a_body_makes_a_tag()
    {
        Assert.Equal(["pet:1", "pet:2"], Add("pet:{pet}", new() { ["pet"] = ["1", "2"] }));
        Assert.Equal([], Add("pet:{pet}", new() { ["pet"] = [] }));
        Assert.Equal(["1|a", "1|b", "2|a", "2|b"], Add("{p}|{q}", new() { ["p"] = ["1", "2"], ["q"] = ["a", "b"] }));
        Assert.Equal([$"pet:{Upper.ToLowerInvariant()}"], Add("pet:{pet}", new() { ["pet"] = [Upper] }));
    }

    [Fact]
    public void Too_many_tags_and_one_that_is_too_long_are_told()
    {
        Assert.Null(Add("pet:{pet}", new() { ["pet"] = [.. Enumerable.Range(0, 65).Select(static i => $"{i}")] }));
        Assert.Null(Add("pet:{pet}", new() { ["pet"] = [new string('x', TagName.Longest)] }));
        Assert.Null(Add("pet:{pet}", new() { ["pet"] = ["a\nb"] }));
        Assert.Null(Add("pet:{absent}", Nothing));
    }

    [Fact]
    public void A_tags_key_begins_with_the_prefix_and_with_whose_it_is()
    {
        Assert.Equal("cp:tag|demo|a|b", KeyOf("{tenant}:customer:{id}"));
        Assert.Equal("cp:tag||a|b", KeyOf("customer:{id}"));
        Assert.Equal("cp:tag|demo@api.test|a|b", KeyOf("{tenant}|{host}{path}"));
    }

    private static string KeyOf(string key)
    {
        Assert.True(KeyTemplate.TryParse(key, out var template, out _));
        Assert.True(TenantName.TryParse("demo", out var tenant));
        Assert.True(template!.WithPrefix("cp:").ScopeOfTags().TryFormat(new KeySource(tenant, "API.test:80", "/", []), out var scope));
        return TagName.KeyOf(scope, "a|b").Value;
    }

    private static string? Format(string text, string id, bool lenient = false)
    {
        Assert.True(TagTemplate.TryParse(text, out var template, out _));
        return template.TryFormat("demo", new RouteValueDictionary { ["id"] = id }, lenient, out var tag) ? tag : null;
    }

    private static IEnumerable<string>? Add(string text, Dictionary<string, List<string>> values)
    {
        Assert.True(TagTemplate.TryParse(text, out var template, out _));
        var tags = new HashSet<string>();
        return template.TryAddTo("demo", [], values, most: 64, tags) ? tags.Order(StringComparer.Ordinal) : null;
    }
}
