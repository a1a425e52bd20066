using CacheProxy.Configuration.Policies;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class PolicySettingsTests
{
    private const string Customer = "CacheProxy:Policies:customer";

    [Theory]
    [InlineData("Ttl", "24h")]
    [InlineData("Ttl", "1ms")]
    [InlineData("Mode", "shadow")]
    [InlineData("Credentials", "RFC9111")]
    [InlineData("WriteConsistency", "Strict")]
    [InlineData("WriteDeadline", "1s")]
    [InlineData("WriteDeadline", "1h")]
    [InlineData("WriteLimit", "30s")]
    [InlineData("WriteLimit", "24h")]
    [InlineData("MinWriteRate", "0")]
    [InlineData("FutileFencesPerMinute", "1")]
    [InlineData("MemoryTtl", "0")]
    [InlineData("MemoryTtl", "500ms")]
    [InlineData("MemoryTtl", "5s")]
    [InlineData("StaleIfError", "24h")]
    [InlineData("TtlJitter", "299s")]
    [InlineData("MaxBodyBytes", "1")]
    [InlineData("MaxBodyBytes", "67108864")]
    [InlineData("MaxHeaderBytes", "1")]
    [InlineData("MaxHeaderBytes", "1048576")]
    [InlineData("MaxVariants", "4096")]
    [InlineData("RefusalsKept", "0")]
    [InlineData("RefusalsKept", "100")]
    [InlineData("HeuristicFreshness", "true")]
    [InlineData("Coalesce", "Cluster")]
    [InlineData("MaxConcurrentFills", "100000")]
    [InlineData("MaxConcurrentFillsPerTenant", "1")]
    [InlineData("FillWait", "1m")]
    [InlineData("FillOverflow", "Refuse")]
    [InlineData("Warm:RatePerSecond", "1000")]
    [InlineData("EvictOn", "*")]
    [InlineData("StatusCodes", "404, 410")]
    [InlineData("ExceptIds", "me, a-b_c.d~")]
    [InlineData("VaryBy", "X-Plan, none")]
    [InlineData("SharePersonalised", "true")]
    [InlineData("Key", "{host}|{path}")]
    public void Accepts_values_in_their_range(string name, string value) =>
        CandidateConfiguration.Accepted(($"{Customer}:{name}", value));

    [Theory]
    [InlineData("Ttl", "0")]
    [InlineData("Ttl", "300")]
    [InlineData("Ttl", "25h")]
    [InlineData("Ttl", "soon")]
    [InlineData("Mode", "1")]
    [InlineData("Mode", "Auto")]
    [InlineData("Credentials", "None")]
    [InlineData("WriteConsistency", "Eventual")]
    [InlineData("WriteDeadline", "999ms")]
    [InlineData("WriteLimit", "29s")]
    [InlineData("WriteLimit", "25h")]
    [InlineData("MinWriteRate", "-1")]
    [InlineData("FutileFencesPerMinute", "0")]
    [InlineData("EvictOn", "SEARCH")]
    [InlineData("WriteDeadline", "61m")]
    [InlineData("MemoryTtl", "499ms")]
    [InlineData("MemoryTtl", "5001ms")]
    [InlineData("StaleIfError", "2d")]
    [InlineData("StaleWhileRevalidate", "2d")]
    [InlineData("TtlJitter", "5m")]
    [InlineData("MaxBodyBytes", "0")]
    [InlineData("MaxBodyBytes", "67108865")]
    [InlineData("MaxHeaderBytes", "0")]
    [InlineData("MaxHeaderBytes", "1048577")]
    [InlineData("MaxBodyBytes", "1 MiB")]
    [InlineData("MaxVariants", "4097")]
    [InlineData("HeuristicFreshness", "yes")]
    [InlineData("Coalesce", "Galaxy")]
    [InlineData("EvictOn", "GET")]
    [InlineData("EvictOn", "P UT")]
    [InlineData("ReadMethods", "PUT")]
    [InlineData("ReadMethods", "*")]
    [InlineData("MaxRequestBodyBytes", "0")]
    [InlineData("MaxRequestBodyBytes", "65537")]
    [InlineData("StatusCodes", "206")]
    [InlineData("StatusCodes", "304")]
    [InlineData("StatusCodes", "100")]
    [InlineData("StatusCodes", "4xx")]
    [InlineData("NegativeTtl", "10s")]
    [InlineData("VaryBy", "*")]
    [InlineData("VaryBy", "X Plan")]
    [InlineData("SharePersonalised", "yes")]
    [InlineData("ExceptIds", "a/b")]
    [InlineData("ExceptIds", "%6de")]
    [InlineData("Key", "{tenant}")]
    [InlineData("Key", "{tenant}{id}")]
    public void Refuses_values_out_of_it_with_key_and_value(string name, string value)
    {
        var problem = CandidateConfiguration.Refused(($"{Customer}:{name}", value));

        Assert.Equal($"{Customer}:{name}", problem.Key);
        Assert.Equal(value, problem.Value);
        Assert.NotEmpty(problem.Allowed);
    }

    [Fact]
    public void Every_option_arrives_where_it_belongs()
    {
        var policy = CandidateConfiguration.Accepted(
            ($"{Customer}:Mode", "Shadow"),
            ($"{Customer}:EvictOn:0", "put"),
            ($"{Customer}:EvictOn:1", ""),
            ($"{Customer}:EvictOn:2", "PURGE"),
            ($"{Customer}:ReadMethods", "get, query, post"),
            ($"{Customer}:MaxRequestBodyBytes", "10"),
            ($"{Customer}:Credentials", "Shared"),
            ($"{Customer}:ExceptIds", "me, latest"),
            ($"{Customer}:VaryBy", "X-Plan, Accept"),
            ($"{Customer}:SharePersonalised", "true"),
            ($"{Customer}:WriteConsistency", "Strict"),
            ($"{Customer}:WriteDeadline", "2s"),
            ($"{Customer}:MemoryTtl", "3s"),
            ($"{Customer}:StaleIfError", "4s"),
            ($"{Customer}:StaleWhileRevalidate", "5s"),
            ($"{Customer}:TtlJitter", "6s"),
            ($"{Customer}:MaxBodyBytes", "7"),
            ($"{Customer}:MaxVariants", "8"),
            ($"{Customer}:StatusCodes:0", "404"),
            ($"{Customer}:NegativeTtl", "9s"),
            ($"{Customer}:HeuristicFreshness", "true"),
            ($"{Customer}:Coalesce", "Cluster")).Rules.Routes["customer"].Policy!.Options;

        Assert.Equal(CacheMode.Shadow, policy.Mode);
        Assert.Equal(["PUT", "PURGE"], policy.EvictOn);
        Assert.Equal(["GET", "QUERY", "POST"], policy.ReadMethods);
        Assert.Equal(10, policy.MaxRequestBodyBytes);
        Assert.Equal(CredentialsMode.Shared, policy.Credentials);
        Assert.Equal(["X-Plan", "Accept"], policy.VaryBy);
        Assert.True(policy.SharePersonalised);
        Assert.Equal(["me", "latest"], policy.ExceptIds);
        Assert.Equal(WriteConsistency.Strict, policy.WriteConsistency);
        Assert.Equal(TimeSpan.FromSeconds(2), policy.WriteDeadline);
        Assert.Equal(TimeSpan.FromSeconds(3), policy.MemoryTtl);
        Assert.Equal(TimeSpan.FromSeconds(4), policy.StaleIfError);
        Assert.Equal(TimeSpan.FromSeconds(5), policy.StaleWhileRevalidate);
        Assert.Equal(TimeSpan.FromSeconds(6), policy.TtlJitter);
        Assert.Equal(7, policy.MaxBodyBytes);
        Assert.Equal(8, policy.MaxVariants);
        Assert.Equal(["404"], policy.StatusCodes);
        Assert.Equal(TimeSpan.FromSeconds(9), policy.NegativeTtl);
        Assert.True(policy.HeuristicFreshness);
        Assert.Equal(CoalesceScope.Cluster, policy.Coalesce);
    }

    [Theory]
    [InlineData("PUT, POST", "POST")]
    [InlineData("*", "*")]
    public void A_POST_that_reads_does_not_evict(string evictOn, string refused)
    {
        var problem = CandidateConfiguration.Refused(($"{Customer}:ReadMethods", "GET, POST"), ($"{Customer}:EvictOn", evictOn));

        Assert.Equal(($"{Customer}:EvictOn", refused), (problem.Key, problem.Value));
        Assert.StartsWith("no POST", problem.Allowed);
    }

    [Fact]
    public void An_empty_value_takes_one_away() =>
        Assert.Null(CandidateConfiguration.Accepted(($"{Customer}:Ttl", "")).Rules.Routes["customer"].Policy!.Options.Ttl);

    [Fact]
    public void One_text_with_commas_wins_over_an_array() => Assert.Equal(
        ["DELETE", "PUT"],
        CandidateConfiguration.Accepted(
            ($"{Customer}:EvictOn:0", "PATCH"),
            ($"{Customer}:EvictOn", "delete, put")).Options.Policies[0].EvictOn);

    [Fact]
    public void Refuses_a_policy_without_key()
    {
        var problem = CandidateConfiguration.Refused(("CacheProxy:Policies:pet:Ttl", "5m"));

        Assert.Equal("CacheProxy:Policies:pet:Key", problem.Key);
        Assert.Contains("missing", problem.Allowed);
    }

    [Fact]
    public void Refuses_an_unknown_key_and_says_what_was_meant()
    {
        var problem = CandidateConfiguration.Refused(($"{Customer}:MaxBodySize", "5"));

        Assert.Equal($"{Customer}:MaxBodySize", problem.Key);
        Assert.Contains($"did you mean {Customer}:MaxBodyBytes?", problem.Allowed);
    }

    [Theory]
    [InlineData("1st")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void Refuses_a_name_that_no_log_event_could_bear(string name) =>
        Assert.Contains("a policy's name", CandidateConfiguration.Refused(($"CacheProxy:Policies:{name}:Key", "{tenant}:x:{id}")).Allowed);

    [Fact]
    public void Refuses_two_policies_that_would_make_the_same_keys()
    {
        var problem = CandidateConfiguration.Refused(("CacheProxy:Policies:person:Key", "{Tenant}:customer:{number}"));

        Assert.Equal("CacheProxy:Policies:person:Key", problem.Key);
        Assert.Contains("customer", problem.Allowed);
    }

    [Fact]
    public void Refuses_jitter_of_a_policy_without_Ttl() => Assert.Equal(
        $"{Customer}:TtlJitter",
        CandidateConfiguration.Refused(($"{Customer}:Ttl", ""), ($"{Customer}:TtlJitter", "1s")).Key);

    [Fact]
    public void Refuses_a_section_where_a_value_belongs() => Assert.Equal(
        $"{Customer}:Ttl",
        CandidateConfiguration.Refused(($"{Customer}:Ttl:Minutes", "5")).Key);
}
