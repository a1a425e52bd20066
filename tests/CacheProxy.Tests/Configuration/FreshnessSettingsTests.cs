using CacheProxy.Configuration.Policies;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class FreshnessSettingsTests
{
    private const string Customer = "CacheProxy:Policies:customer";
    private const string Rule = Customer + ":TtlRules:0";

    [Fact]
    public void Reads_the_rules_in_their_order()
    {
        var rules = CandidateConfiguration.Accepted(
            ($"{Customer}:TtlRules:0:Pointer", "/status"), ($"{Customer}:TtlRules:0:Equals", "INACTIVE"), ($"{Customer}:TtlRules:0:Ttl", "1h"),
            ($"{Customer}:TtlRules:1:Pointer", "/updatedAt"), ($"{Customer}:TtlRules:1:OlderThan", "30d"), ($"{Customer}:TtlRules:1:Ttl", "30m"),
            ($"{Customer}:TtlRules:10:Header", "X-Plan"), ($"{Customer}:TtlRules:10:OneOf", "archive, cold"), ($"{Customer}:TtlRules:10:Ttl", "24h"))
            .Rules.Routes["customer"].Policy!.Options.TtlRules;

        Assert.Equal(["/status", "/updatedAt", null], rules.Select(static rule => rule.Pointer?.Text));
        Assert.Equal([TimeSpan.FromHours(1), TimeSpan.FromMinutes(30), TimeSpan.FromDays(1)], rules.Select(static rule => rule.Ttl));
        Assert.Equal(["INACTIVE"], rules[0].Values);
        Assert.Equal(TimeSpan.FromDays(30), rules[1].OlderThan);
        Assert.Equal("X-Plan", rules[2].Header);
        Assert.Equal(["archive", "cold"], rules[2].Values);
    }

    [Theory]
    [InlineData("Equals=a|Ttl=1h", "", "exactly one of Pointer and Header")]
    [InlineData("Pointer=/a|Header=X-A|Equals=a|Ttl=1h", "", "exactly one of Pointer and Header")]
    [InlineData("Pointer=/a|Ttl=1h", "", "exactly one of Equals, OneOf and OlderThan")]
    [InlineData("Pointer=/a|Equals=a|OlderThan=1d|Ttl=1h", "", "exactly one of Equals, OneOf and OlderThan")]
    [InlineData("Pointer=/a|Equals=a|OneOf=b|Ttl=1h", "", "exactly one of Equals, OneOf and OlderThan")]
    [InlineData("Pointer=/a|Equals=a", ":Ttl", "missing")]
    [InlineData("Pointer=/a|Equals=a|Ttl=0", ":Ttl", "more than 0, at most 1d")]
    [InlineData("Pointer=/a|Equals=a|Ttl=25h", ":Ttl", "more than 0, at most 1d")]
    [InlineData("Pointer=/a|OlderThan=30|Ttl=1h", ":OlderThan", "more than 0, at most 36500d")]
    [InlineData("Pointer=status|Equals=a|Ttl=1h", ":Pointer", "a JSON pointer")]
    [InlineData("Header=X Plan|Equals=a|Ttl=1h", ":Header", "the name of a response header")]
    [InlineData("Pointer=/a|Equal=a|Equals=a|Ttl=1h", ":Equal", "did you mean CacheProxy:Policies:customer:TtlRules:0:Equals?")]
    [InlineData("Pointer=/a|Equals=a|Ttl=2m|:TtlJitter=2m", ":Ttl", "more than TtlJitter, which is 2m")]
    public void Refuses_with_key_and_what_is_allowed(string values, string key, string allowed)
    {
        var problem = CandidateConfiguration.Refused(
            [.. values.Split('|').Select(static value => value.Split('='))
                .Select(static parts => (parts[0][0] == ':' ? Customer + parts[0] : $"{Rule}:{parts[0]}", (string?)parts[1]))]);

        Assert.Equal(Rule + key, problem.Key);
        Assert.Contains(allowed, problem.Allowed);
    }

    [Fact]
    public void Refuses_rules_without_the_Ttl_that_they_replace() =>
        Assert.StartsWith(
            "only together with Ttl",
            CandidateConfiguration.Refused(
                ($"{Customer}:Ttl", ""), ($"{Rule}:Pointer", "/a"), ($"{Rule}:Equals", "a"), ($"{Rule}:Ttl", "1h")).Allowed);

    [Fact]
    public void Reads_the_bounds_of_an_adaptive_Ttl_and_rules_with_it_need_no_other()
    {
        var policy = CandidateConfiguration.Accepted(
            ($"{Customer}:Ttl", ""), ($"{Customer}:AdaptiveTtl:Min", "1m"), ($"{Customer}:AdaptiveTtl:Max", "1h"), ($"{Customer}:TtlJitter", "30s"),
            ($"{Rule}:Pointer", "/a"), ($"{Rule}:Equals", "a"), ($"{Rule}:Ttl", "1h")).Rules.Routes["customer"].Policy!;

        Assert.Equal(new AdaptiveTtl(TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)), policy.Options.AdaptiveTtl);
        Assert.Equal(TimeSpan.FromMinutes(1), policy.Storage.Ttl);
    }

    [Theory]
    [InlineData("Min=1m", "Max", "missing")]
    [InlineData("Max=1m", "Min", "missing")]
    [InlineData("Min=2m|Max=1m", "Max", "at least Min, which is 2m")]
    [InlineData("Min=0|Max=1m", "Min", "more than 0, at most 1d")]
    [InlineData("Min=1m|Max=25h", "Max", "more than 0, at most 1d")]
    [InlineData("Min=1m|Max=1h|Mean=5m", "Mean", "unknown key")]
    public void Refuses_bounds_that_are_none(string values, string key, string allowed)
    {
        var problem = CandidateConfiguration.Refused(
            [.. values.Split('|').Select(static value => value.Split('='))
                .Select(static parts => ($"{Customer}:AdaptiveTtl:{parts[0]}", (string?)parts[1]))]);

        Assert.Equal($"{Customer}:AdaptiveTtl:{key}", problem.Key);
        Assert.Contains(allowed, problem.Allowed);
    }

    [Fact]
    public void Refuses_a_jitter_that_leaves_nothing_of_the_shortest() =>
        Assert.Contains(
            "more than TtlJitter",
            CandidateConfiguration.Refused(
                ($"{Customer}:TtlJitter", "1m"), ($"{Customer}:AdaptiveTtl:Min", "1m"), ($"{Customer}:AdaptiveTtl:Max", "1h")).Allowed);

    [Fact]
    public void Refuses_a_key_where_another_resources_times_are_kept() =>
        Assert.Contains(
            "{tenant}:customer:{id}#pace",
            CandidateConfiguration.Refused(
                ($"{Customer}:AdaptiveTtl:Min", "1m"), ($"{Customer}:AdaptiveTtl:Max", "1h"),
                ("CacheProxy:Policies:other:Key", "{tenant}:customer:{other}#pace"), ("CacheProxy:Policies:other:Ttl", "1m")).Allowed);

    [Fact]
    public void Reports_every_problem() =>
        Assert.Equal(3, CandidateConfiguration.Compile(($"{Rule}:Pointer", "a"), ($"{Rule}:OlderThan", "x")).Problems.Count);
}
