using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class AuditSettingsTests
{
    private const string Customer = "CacheProxy:Policies:customer";

    [Fact]
    public void A_share_pointers_and_a_rate_are_read()
    {
        var options = CandidateConfiguration.Accepted(
            ($"{Customer}:Audit", "0.001"), ($"{Customer}:AuditIgnore", "/now, /pets/*/seen"), ("CacheProxy:Audit:RatePerSecond", "7"), ("CacheProxy:Shadow:Propose", "true")).Options;

        var policy = options.Policies.Single(static policy => policy.Name == "customer");
        Assert.Equal(0.001, policy.Audit);
        Assert.Equal(["/now", "/pets/*/seen"], policy.AuditIgnore);
        Assert.Equal((7, true), (options.Audit.RatePerSecond, options.Shadow.Propose));
    }

    [Theory]
    [InlineData(Customer + ":Audit", "1.1")]
    [InlineData(Customer + ":Audit", "-0.1")]
    [InlineData(Customer + ":Audit", "NaN")]
    [InlineData(Customer + ":Audit", "1 %")]
    [InlineData(Customer + ":AuditIgnore", "now")]
    [InlineData("CacheProxy:Audit:RatePerSecond", "0")]
    [InlineData("CacheProxy:Shadow:Propose", "often")]
    public void What_makes_no_sense_is_refused(string key, string value) =>
        Assert.Equal(key, CandidateConfiguration.Refused((key, value)).Key);

    [Fact]
    public void So_many_pointers_are_too_many() => Assert.Equal(
        $"{Customer}:AuditIgnore",
        CandidateConfiguration.Refused(($"{Customer}:AuditIgnore", string.Join(',', Enumerable.Range(0, 33).Select(static i => $"/a{i}")))).Key);
}
