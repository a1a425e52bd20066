using System.Text.RegularExpressions;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class ForwardReasonsTests
{
    private static readonly ForwardReason[] Reasons = Enum.GetValues<ForwardReason>();

    [Fact]
    public void Each_reason_has_a_word_of_its_own()
    {
        Assert.Equal(Reasons.Length, Reasons.Select(ForwardReasons.ToToken).Distinct().Count());
        Assert.All(Reasons, static reason => Assert.Matches(new Regex("^[a-z]+(-[a-z]+)*$"), ForwardReasons.ToToken(reason)));
    }

    [Fact]
    public void Each_reason_is_one_that_RFC_9211_knows()
    {
        Assert.All(Reasons, static reason => Assert.NotEqual(CacheStatusForward.None, ForwardReasons.Forward(reason)));
        Assert.Equal(CacheStatusForward.Method, ForwardReasons.Forward(ForwardReason.MethodOverride));
        Assert.Equal(CacheStatusForward.Request, ForwardReasons.Forward(ForwardReason.RequestNoStore));
        Assert.Equal(CacheStatusForward.Bypass, ForwardReasons.Forward(ForwardReason.TenantContradictory));
        Assert.Equal(CacheStatusForward.Miss, ForwardReasons.Forward(ForwardReason.Fenced));
    }

    [Fact]
    public void Each_way_of_having_no_tenant_has_its_reason() => Assert.Equal(
        [ForwardReason.TenantAbsent, ForwardReason.Key, ForwardReason.TenantMalformed, ForwardReason.TenantContradictory],
        Enum.GetValues<TenantResolutionKind>().Select(ForwardReasons.Of));
}
