using CacheProxy.Filling;
using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed class CacheStatusPageTests
{
    /// <summary>What the README shows of Cache-Status, as the program would send it.</summary>
    public static TheoryData<string> Shown =>
    [
        new CacheStatus(Hit: true, TtlSeconds: 287).Format(),
        new CacheStatus(Forward: CacheStatusForward.UriMiss, ForwardStatus: 200, Stored: true).Format(),
        new CacheStatus(Forward: CacheStatusForward.UriMiss, Collapsed: true).Format(),
        new CacheStatus(
            Forward: ForwardReasons.Forward(ForwardReason.TenantAbsent),
            ForwardStatus: 200,
            Detail: ForwardReasons.ToToken(ForwardReason.TenantAbsent)).Format(),
    ];

    [Theory]
    [MemberData(nameof(Shown))]
    public void The_README_shows_it_as_it_is_sent(string shown) =>
        Assert.Contains($"`{shown}`", File.ReadAllText(MarkdownPage.Named("README.md").Path));
}
