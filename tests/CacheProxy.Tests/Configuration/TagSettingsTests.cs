using CacheProxy.Configuration;
using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class TagSettingsTests
{
    private const string Customer = "CacheProxy:Policies:customer";
    private const string Metadata = "ReverseProxy:Routes:customer:Metadata:Evicts";

    [Fact]
    public void Reads_tags_over_the_tenant_the_routes_values_and_those_of_the_body()
    {
        var policy = CandidateConfiguration.Accepted(
            ($"{Customer}:DependsOn:plan", "/plan"), ($"{Customer}:Tags", "plan:{plan}, {tenant}:vip, c:{id}")).Rules.Routes["customer"].Policy!;

        Assert.Equal(["plan:{plan}", "{tenant}:vip", "c:{id}"], policy.Tags.Templates.Select(static tag => tag.Text));
        Assert.Equal(["{tenant}:vip", "c:{id}"], policy.Tags.Foretold.Select(static tag => tag.Text));
        Assert.Equal("/plan", Assert.Single(policy.Tags.Pointers).Pointer.Text);
        Assert.NotNull(policy.Dependencies);
    }

    [Fact]
    public void A_policy_without_tags_has_those_of_all_headers_and_no_rules_of_its_own()
    {
        var policy = CandidateConfiguration.Accepted().Rules.Routes["customer"].Policy!;

        Assert.Equal(ResponseTags.Names, policy.Tags.Headers);
        Assert.True(policy.Tags.Templates.IsEmpty);
        Assert.Null(policy.Dependencies);
    }

    [Fact]
    public void None_stands_for_no_header() =>
        Assert.Empty(CandidateConfiguration.Accepted(($"{Customer}:TagHeaders", "none")).Rules.Routes["customer"].Policy!.Tags.Headers);

    [Theory]
    [InlineData("CacheProxy:Policies:customer:Tags", "a b")]
    [InlineData("CacheProxy:Policies:customer:Tags", "{host}")]
    [InlineData("CacheProxy:Policies:customer:TagHeaders", "X-Tags")]
    [InlineData("CacheProxy:Policies:customer:TagHeaders", "None, Cache-Tag")]
    [InlineData("CacheProxy:Policies:customer:HideTagHeaders", "perhaps")]
    [InlineData("CacheProxy:Policies:customer:Key", "{tag}|{id}|x")]
    [InlineData(Metadata, "tag:a b")]
    [InlineData(Metadata, "tag:")]
    [InlineData(Metadata, "tag:plan:{plan}")]
    public void Refuses_anything_else(string key, string value) => Assert.StartsWith(key, CandidateConfiguration.Compile((key, value)).Problems[0].Key, StringComparison.Ordinal);

    [Fact]
    public void Refuses_a_value_that_neither_the_route_nor_the_body_gives()
    {
        var problem = CandidateConfiguration.Refused(($"{Customer}:Tags", "plan:{plan}"));

        Assert.Equal("ReverseProxy:Routes:customer:Metadata:CachePolicy", problem.Key);
        Assert.Contains("{plan}", problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_tenant_where_the_key_has_none()
    {
        var problems = CandidateConfiguration.Compile(($"{Customer}:Key", "customer:{id}"), ($"{Customer}:Tags", "{tenant}:vip")).Problems;

        Assert.Contains(problems, static problem => problem.Key == $"{Customer}:Tags");
    }

    [Fact]
    public void Evictions_of_tags_are_as_careful_as_the_most_careful_policy()
    {
        var tags = CandidateConfiguration.Accepted(
            (Metadata, "customer, tag:plan:{id}"),
            ($"{Customer}:WriteConsistency", "Strict"), ($"{Customer}:WriteDeadline", "45s")).Rules.Routes["customer"];

        Assert.Equal("plan:{id}", Assert.Single(tags.EvictedTags).Text);
        Assert.Equal("customer", Assert.Single(tags.Evicts).Name);
        Assert.Equal(("Strict", TimeSpan.FromSeconds(45)), (tags.Rules.Tags.Policy.Options.WriteConsistency.ToString(), tags.Rules.Tags.Policy.Options.WriteDeadline));
    }

    [Theory]
    [InlineData("{host}|{path}", false)]
    [InlineData("{tenant}:customer:{id}", false)]
    [InlineData("tag|{id}", false)]
    [InlineData("tag|{tenant}|{id}", true)]
    [InlineData("{kind}|{tenant}|{id}", true)]
    [InlineData("tag||{id}", true)]
    public void No_policy_makes_the_key_of_a_tag(string template, bool could) => Assert.Equal(could, KeyOverlap.WithTags(template));
}
