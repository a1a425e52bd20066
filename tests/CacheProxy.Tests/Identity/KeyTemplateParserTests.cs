using CacheProxy.Identity;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class KeyTemplateParserTests
{
    [Theory]
    [InlineData("{tenant}:customer:{id}", "Tenant tenant, Literal :customer:, RouteValue id")]
    [InlineData("{Host}{PATH}", "Host Host, Path PATH")]
    [InlineData("a", "Literal a")]
    [InlineData("{tenant}:service-catalog", "Tenant tenant, Literal :service-catalog")]
    [InlineData("{a_b-1}!", "RouteValue a_b-1, Literal !")]
    [InlineData("{tenant}{path}", "Tenant tenant, Path path")]
    [InlineData("{id}{path}", "RouteValue id, Path path")]
    public void A_template_is_literals_and_placeholders(string text, string expected)
    {
        var parts = KeyTemplateParser.Parse(text, out var problem);

        Assert.Null(problem);
        Assert.Equal(expected, string.Join(", ", parts.Select(static part => $"{part.Kind} {part.Text}")));
    }

    [Theory]
    [InlineData("", "at least a word for what is cached")]
    [InlineData("{tenant}", "at least a word for what is cached")]
    [InlineData("{tenant}{host}", "at least a word for what is cached")]
    [InlineData("{tenant", "every brace needs its partner")]
    [InlineData("tenant}", "every brace needs its partner")]
    [InlineData("{a}}", "every brace needs its partner")]
    [InlineData("{}", "'{}' is no name")]
    [InlineData("{a b}", "'{a b}' is no name")]
    [InlineData("{{id}}", "'{{id}' is no name")]
    [InlineData("{*id}", "'{*id}' is no name")]
    [InlineData("a b{id}", "without blanks")]
    [InlineData("a\n{id}", "without blanks")]
    [InlineData("\u00e9{id}", "without blanks")]
    [InlineData("{tenant}{id}", "after {tenant} a character that its value cannot hold")]
    [InlineData("{a}{b}", "after {a} a character")]
    [InlineData("{tenant}-{id}", "after {tenant} a character")]
    [InlineData("{tenant}customer{id}", "after {tenant} a character")]
    [InlineData("{host}:{id}", "after {host} a character")]
    [InlineData("{path}/{id}", "after {path} a character")]
    [InlineData("{path}:{id}", "after {path} a character")]
    [InlineData("{path}{path}", "after {path} a character")]
    [InlineData("{id}{tenant}", "after {id} a character")]
    public void A_template_that_could_give_two_resources_one_key_is_refused_with_what_is_allowed(string text, string message)
    {
        Assert.False(KeyTemplate.TryParse(text, out var template, out var problem));
        Assert.Null(template);
        Assert.Contains(message, problem, StringComparison.Ordinal);
        Assert.StartsWith("text with {tenant}, {host}, {path} or {NAME} of a route value", problem, StringComparison.Ordinal);
    }
}
