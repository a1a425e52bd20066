using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class WarmSettingsTests
{
    private const string Customer = "CacheProxy:Policies:customer";

    [Theory]
    [InlineData("Shared")]
    [InlineData("Rfc9111")]
    [InlineData("Bypass")]
    public void Entries_that_callers_share_can_be_warmed(string credentials) =>
        CandidateConfiguration.Accepted(($"{Customer}:Credentials", credentials), ($"{Customer}:Warm:Top", "1000"));

    [Fact]
    public void Entries_of_callers_can_be_warmed_only_with_a_credential()
    {
        Assert.Equal($"{Customer}:Warm:Top", CandidateConfiguration.Refused(($"{Customer}:Warm:Top", "1000")).Key);
        CandidateConfiguration.Accepted(($"{Customer}:Warm:Top", "1000"), ("CacheProxy:Warm:Credential", "Bearer service"));
    }

    [Theory]
    [InlineData("CacheProxy:Warm:CredentialHeader", "no name")]
    [InlineData("CacheProxy:Warm:CredentialFile", "/nowhere/at/all")]
    [InlineData(Customer + ":Warm:Top", "10001")]
    [InlineData(Customer + ":Warm:RatePerSecond", "0")]
    [InlineData(Customer + ":MaxConcurrentFills", "-1")]
    [InlineData(Customer + ":FillWait", "0")]
    [InlineData(Customer + ":FillOverflow", "Wait")]
    public void What_makes_no_sense_is_refused(string key, string value) =>
        Assert.Equal(key, CandidateConfiguration.Refused((key, value)).Key);

    [Fact]
    public void A_credential_that_is_no_value_of_a_header_is_refused_and_not_shown() =>
        Assert.DoesNotContain("ü", CandidateConfiguration.Refused(("CacheProxy:Warm:Credential", "Bearer ü")).Value, StringComparison.Ordinal);

    [Theory]
    [InlineData("cacheproxy#hot:{id}")]
    [InlineData("{tenant}#warm:{id}")]
    public void A_key_that_could_be_one_of_our_own_is_refused(string template) =>
        Assert.Equal($"{Customer}:Key", CandidateConfiguration.Refused(($"{Customer}:Key", template)).Key);

    [Theory]
    [InlineData("{tenant}:{id}")]
    [InlineData("{host}|{path}")]
    public void Usual_keys_could_not(string template) => CandidateConfiguration.Accepted(($"{Customer}:Key", template));
}
