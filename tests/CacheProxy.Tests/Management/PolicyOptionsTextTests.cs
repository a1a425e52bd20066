using System.Reflection;
using CacheProxy.Configuration.Policies;
using CacheProxy.Management;
using CacheProxy.Tests.Configuration;
using Xunit;

namespace CacheProxy.Tests.Management;

public sealed class PolicyOptionsTextTests
{
    [Fact]
    public void Every_option_that_has_a_value_is_shown()
    {
        var policy = CandidateConfiguration.Accepted(("CacheProxy:Policies:customer:WriteLimit", "10m"), ("CacheProxy:Policies:customer:NegativeTtl", "10s"),
            ("CacheProxy:Policies:customer:StatusCodes", "404")).Options.Policies.Single(static one => one.Name == "customer");
        var shown = new Dictionary<string, string>();

        PolicyOptionsText.Write(policy, shown.Add);

        var missing = typeof(CachePolicyOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static property => property.Name is not (nameof(CachePolicyOptions.Name) or nameof(CachePolicyOptions.Warm)))
            .Where(property => property.GetValue(policy) is not null and not System.Collections.ICollection { Count: 0 })
            .Select(static property => property.Name)
            .Except(shown.Keys);
        Assert.Empty(missing);
        Assert.Equal(("5m", "On", "0"), (shown["Ttl"], shown["Mode"], shown["Warm:Top"]));
    }
}
