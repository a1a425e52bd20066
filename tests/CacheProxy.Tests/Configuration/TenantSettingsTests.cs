using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class TenantSettingsTests
{
    [Theory]
    [InlineData("CacheProxy:Tenants:demo:Mode", "shadow")]
    [InlineData("CacheProxy:Tenants:*:Mode", "Off")]
    [InlineData("CacheProxy:Tenants:DEMO:MaxEntries", "1")]
    [InlineData("CacheProxy:Tenants:demo:MaxEntries", "100000000")]
    [InlineData("CacheProxy:Tenants:demo:MaxBytes", "1099511627776")]
    public void Accepts(string key, string value) => CandidateConfiguration.Accepted((key, value));

    [Theory]
    [InlineData("CacheProxy:Tenants:demo:Mode", "Sometimes")]
    [InlineData("CacheProxy:Tenants:demo:MaxEntries", "0")]
    [InlineData("CacheProxy:Tenants:demo:MaxEntries", "1e3")]
    [InlineData("CacheProxy:Tenants:demo:MaxBytes", "1023")]
    [InlineData("CacheProxy:Tenants:demo:MaxBytes", "64MiB")]
    public void Refuses_with_key_and_value(string key, string value)
    {
        var problem = CandidateConfiguration.Refused((key, value));

        Assert.Equal((key, value), (problem.Key, problem.Value));
    }

    [Theory]
    [InlineData("a.b")]
    [InlineData("-demo")]
    [InlineData("demo*")]
    public void Refuses_a_section_that_is_no_tenant(string name) =>
        Assert.Equal($"CacheProxy:Tenants:{name}", CandidateConfiguration.Refused(($"CacheProxy:Tenants:{name}:Mode", "Off")).Key);

    // A tenant that does not state a key has what everybody has; the stricter of its mode and the policy's holds.
    [Theory]
    [InlineData("On", null, null, "On")]
    [InlineData("On", "Off", null, "Off")]
    [InlineData("On", "Off", "On", "On")]
    [InlineData("On", "Off", "Shadow", "Shadow")]
    [InlineData("On", null, "Off", "Off")]
    [InlineData("Shadow", "On", "On", "Shadow")]
    [InlineData("Shadow", null, "Off", "Off")]
    [InlineData("Off", "On", "Shadow", "Off")]
    public void The_mode_of_a_tenant(string policy, string? everybody, string? tenant, string expected)
    {
        var accepted = CandidateConfiguration.Accepted(
            ("CacheProxy:Policies:customer:Mode", policy),
            ("CacheProxy:Tenants:*:Mode", everybody),
            ("CacheProxy:Tenants:Demo:Mode", tenant),
            ("CacheProxy:Tenants:demo:MaxBytes", "2048"),
            ("CacheProxy:Tenants:*:MaxEntries", "7"));
        Assert.True(TenantName.TryParse("demo", out var demo));
        Assert.True(TenantName.TryParse("other", out var other));
        var customer = accepted.Policies.Find("customer")!;

        Assert.Equal(expected, customer.Tenants!.Of(demo).Options.Mode.ToString());
        Assert.Equal(new TenantQuota(7, 2048), customer.Tenants.Of(demo).Quota);
        Assert.Equal(new TenantQuota(7, long.MaxValue), customer.Tenants.Of(other).Quota);
        Assert.Equal(policy, customer.Options.Mode.ToString());
    }

    [Fact]
    public void Under_limits_a_policy_keeps_whatever_else_belongs_to_it()
    {
        var accepted = CandidateConfiguration.Accepted(
            ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"), ("CacheProxy:Policies:customer:DependsOn:pet", "/pets/*/id"), ("CacheProxy:Tenants:demo:MaxEntries", "5"));
        Assert.True(TenantName.TryParse("demo", out var demo));
        var customer = accepted.Policies.Find("customer")!;
        var limited = customer.Tenants!.Of(demo);

        Assert.NotSame(customer, limited);
        Assert.NotNull(limited.Dependencies);
        string[] its = [nameof(CachePolicy.Options), nameof(CachePolicy.Quota), nameof(CachePolicy.Tenants)];
        Assert.All(
            typeof(CachePolicy).GetProperties().Where(property => !its.Contains(property.Name)),
            property => Assert.Equal(property.GetValue(customer), property.GetValue(limited)));
    }

    [Fact]
    public void Without_limits_and_without_a_tenant_in_its_key_a_policy_is_the_same_for_all()
    {
        Assert.All(CandidateConfiguration.Accepted().Policies.All, static policy => Assert.Null(policy.Tenants));
        var accepted = CandidateConfiguration.Accepted(("CacheProxy:Policies:customer:Key", "customer:{id}"), ("CacheProxy:Tenants:*:Mode", "Off"));
        Assert.Null(accepted.Policies.Find("customer")!.Tenants);
    }
}
