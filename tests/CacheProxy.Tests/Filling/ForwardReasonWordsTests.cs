using System.Text.RegularExpressions;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class ForwardReasonWordsTests
{
    private static readonly ForwardReason[] Reasons = Enum.GetValues<ForwardReason>();

    [Fact]
    public void Each_reason_has_a_word_of_its_own()
    {
        Assert.Equal(Reasons.Length, Reasons.Select(ForwardReasonWords.Word).Distinct().Count());
        Assert.All(Reasons, static reason => Assert.Matches(new Regex("^[a-z]+(-[a-z]+)*$"), ForwardReasonWords.Word(reason)));
    }

    [Fact]
    public void Each_reason_is_one_that_RFC_9211_knows()
    {
        Assert.All(Reasons, static reason => Assert.NotEqual(CacheStatusForward.None, ForwardReasonWords.Forward(reason)));
        Assert.Equal(CacheStatusForward.Method, ForwardReasonWords.Forward(ForwardReason.MethodOverride));
        Assert.Equal(CacheStatusForward.Request, ForwardReasonWords.Forward(ForwardReason.RequestNoStore));
        Assert.Equal(CacheStatusForward.Bypass, ForwardReasonWords.Forward(ForwardReason.TenantContradictory));
        Assert.Equal(CacheStatusForward.Miss, ForwardReasonWords.Forward(ForwardReason.Fenced));
    }

    [Fact]
    public void Each_way_of_having_no_tenant_has_its_reason() => Assert.Equal(
        [ForwardReason.TenantAbsent, ForwardReason.Key, ForwardReason.TenantMalformed, ForwardReason.TenantContradictory],
        Enum.GetValues<TenantResolutionKind>().Select(ForwardReasonWords.Of));
}
