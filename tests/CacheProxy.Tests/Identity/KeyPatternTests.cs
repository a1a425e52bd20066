using CacheProxy.Identity;
using Xunit;

namespace CacheProxy.Tests.Identity;

/// <summary>Finding the keys of a policy among all keys.</summary>
public sealed class KeyPatternTests
{
    [Theory]
    [InlineData("{tenant}:customer:{id}", "", "*:customer:*")]
    [InlineData("{tenant}:customer:{id}", "demo", "demo:customer:*")]
    [InlineData("{tenant}:{host}|list", "demo", "demo:*|list*")]
    [InlineData("x[1]*:{id}", "", @"x\[1\]\*:*")]
    public void A_pattern_has_what_all_keys_have_and_lets_an_index_end_it(string template, string tenant, string pattern) =>
        Assert.Equal("p?:".Replace("?", @"\?", StringComparison.Ordinal) + pattern, Parse(template).WithPrefix("p?:").Pattern(TenantName.TryParse(tenant, out var known) ? known : null));

    [Theory]
    [InlineData("p:demo:customer:123", true)]
    [InlineData("demo:customer:123", false)]
    [InlineData("p:demo:customer:", false)]
    [InlineData("p:demo:customer:1:in", false)]
    [InlineData("p:demo:customers:1", false)]
    [InlineData("p:tag|demo|x", false)]
    public void A_template_knows_its_keys(string key, bool makes) =>
        Assert.Equal(makes, Parse("{tenant}:customer:{id}").WithPrefix("p:").Makes(key));

    private static KeyTemplate Parse(string text) => KeyTemplate.TryParse(text, out var template, out var problem) ? template! : throw new ArgumentException(problem);
}
