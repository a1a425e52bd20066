using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>What may be done with a stored response: RFC 9111 §4.2.4 and §5.2.1, RFC 5861.</summary>
public sealed class FreshnessVerdictTests
{
    private static readonly Freshness TenSeconds = new(10_000, 0, FreshnessSource.Origin, false, false, 0, 0);

    [Theory]
    [InlineData(0, FreshnessVerdict.Fresh)]
    [InlineData(9_999, FreshnessVerdict.Fresh)]
    [InlineData(10_000, FreshnessVerdict.MustRevalidate)]
    public void A_response_is_fresh_while_its_lifetime_exceeds_its_age(long ageMs, object expected) =>
        Assert.Equal(expected, TenSeconds.Judge(ageMs, default));

    [Theory]
    // §5.2.1.4
    [InlineData("no-cache", 0, FreshnessVerdict.MustRevalidate)]
    // §5.2.1.1
    [InlineData("max-age=0", 0, FreshnessVerdict.MustRevalidate)]
    [InlineData("max-age=1", 1_000, FreshnessVerdict.Fresh)]
    [InlineData("max-age=1", 1_001, FreshnessVerdict.MustRevalidate)]
    [InlineData("max-age=60", 12_000, FreshnessVerdict.MustRevalidate)]
    // §5.2.1.3
    [InlineData("min-fresh=5", 5_000, FreshnessVerdict.Fresh)]
    [InlineData("min-fresh=5", 5_001, FreshnessVerdict.MustRevalidate)]
    // §5.2.1.2
    [InlineData("max-stale", 999_999_999, FreshnessVerdict.StaleAllowed)]
    [InlineData("max-stale=2", 12_000, FreshnessVerdict.StaleAllowed)]
    [InlineData("max-stale=2", 12_001, FreshnessVerdict.MustRevalidate)]
    [InlineData("max-stale=2, max-age=11", 11_500, FreshnessVerdict.MustRevalidate)]
    [InlineData("max-stale=2, max-age=60", 11_500, FreshnessVerdict.StaleAllowed)]
    // §5.2.1.5 and §5.2.1.7 do not concern freshness.
    [InlineData("no-store, only-if-cached, foo", 0, FreshnessVerdict.Fresh)]
    public void The_requests_directives_narrow_and_widen_it(string value, long ageMs, object expected) =>
        Assert.Equal(expected, TenSeconds.Judge(ageMs, RequestDirectives.Parse(value)));

    [Theory]
    [InlineData("max-age=10, must-revalidate")]
    [InlineData("max-age=10, proxy-revalidate")]
    [InlineData("s-maxage=10")]
    public void What_must_be_revalidated_is_not_served_stale_to_anybody(string value)
    {
        var headers = Headers.Response($"Cache-Control: {value}");
        var policy = new StoragePolicy(StaleWhileRevalidate: TimeSpan.FromHours(1), StaleIfError: TimeSpan.FromHours(1));
        var freshness = Freshness.Of(headers, ResponseDirectives.Of(headers), 200, 0, 0, policy);
        Assert.Equal(FreshnessVerdict.Fresh, freshness.Judge(9_999, default));
        Assert.Equal(FreshnessVerdict.MustRevalidate, freshness.Judge(10_000, RequestDirectives.Parse("max-stale")));
        Assert.False(freshness.CoversError(10_000, default));
        Assert.True(freshness.CoversError(9_999, default));
    }

    [Fact]
    public void A_response_with_no_cache_is_never_served_unasked()
    {
        var freshness = TenSeconds with { NoCache = true };
        Assert.Equal(FreshnessVerdict.MustRevalidate, freshness.Judge(0, RequestDirectives.Parse("max-stale")));
        Assert.False(freshness.CoversError(0, default));
    }

    [Theory]
    [InlineData(10_000, "", FreshnessVerdict.StaleWhileRevalidate)]
    [InlineData(12_999, "", FreshnessVerdict.StaleWhileRevalidate)]
    [InlineData(13_000, "", FreshnessVerdict.MustRevalidate)]
    [InlineData(11_000, "max-age=60", FreshnessVerdict.MustRevalidate)]
    [InlineData(11_000, "no-cache", FreshnessVerdict.MustRevalidate)]
    [InlineData(11_000, "min-fresh=1", FreshnessVerdict.MustRevalidate)]
    public void Within_its_window_a_stale_response_is_served_while_it_is_refreshed(long ageMs, string request, object expected)
    {
        var freshness = TenSeconds with { StaleWhileRevalidateMs = 3_000 };
        Assert.Equal(expected, freshness.Judge(ageMs, RequestDirectives.Parse(request)));
    }

    [Theory]
    [InlineData(12_999, "", true)]
    [InlineData(13_000, "", false)]
    [InlineData(11_000, "no-cache", false)]
    [InlineData(11_000, "max-age=60", false)]
    [InlineData(5_000, "max-age=1", false)]
    public void Within_its_window_a_stale_response_covers_an_error(long ageMs, string request, bool expected)
    {
        var freshness = TenSeconds with { StaleIfErrorMs = 3_000 };
        Assert.Equal(expected, freshness.CoversError(ageMs, RequestDirectives.Parse(request)));
    }

    [Fact]
    public void Getting_older_never_makes_a_response_fresh_again() => Prop.ForAll(
        ArbMap.Default.ArbFor<PositiveInt>(),
        ArbMap.Default.ArbFor<PositiveInt>(),
        Texts.Near("max-age=5, max-stale=9, min-fresh=3"),
        (age, more, text) =>
        {
            var request = RequestDirectives.Parse(text);
            return TenSeconds.Judge(age.Get + more.Get, request) != FreshnessVerdict.Fresh
                || TenSeconds.Judge(age.Get, request) == FreshnessVerdict.Fresh;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_an_operator_has_purged_softly_is_never_served_and_stands_in_for_errors_as_long_as_it_would_have()
    {
        var purged = TenSeconds with { IsPurged = true, StaleWhileRevalidateMs = 60_000, StaleIfErrorMs = 5_000 };

        Assert.False(purged.IsFresh(0));
        Assert.Equal(FreshnessVerdict.MustRevalidate, purged.Judge(0, default));
        Assert.Equal(FreshnessVerdict.MustRevalidate, purged.Judge(12_000, RequestDirectives.Parse("max-stale")));
        Assert.True(purged.CoversError(0, default));
        Assert.True(purged.CoversError(14_999, default));
        Assert.False(purged.CoversError(15_000, default));
        Assert.False((purged with { StaleIfErrorMs = 0 }).CoversError(0, default));
    }
}
