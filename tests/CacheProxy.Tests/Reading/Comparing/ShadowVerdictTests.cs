using CacheProxy.Reading.Comparing;
using Xunit;

namespace CacheProxy.Tests.Reading.Comparing;

public sealed class ShadowVerdictTests
{
    private static readonly ShadowFigures Good = new()
    {
        Policy = "customer",
        Since = DateTimeOffset.UnixEpoch,
        Misses = 300,
        Right = 700,
        Writes = 1,
    };

    [Fact]
    public void Enough_hits_that_were_right_and_a_write_make_it_ready()
    {
        var verdict = ShadowVerdict.Of(Good);

        Assert.Equal(ShadowVerdictWord.Ready, verdict.Word);
        Assert.Equal("700 would-be hits in 1000 requests, none of them wrong, with 1 writes.", Assert.Single(verdict.Reasons));
    }

    [Fact]
    public void Too_few_requests_hits_or_writes_are_waited_for()
    {
        AssertWaits(Good with { Misses = 299 }, "999 of 1000 requests");
        AssertWaits(Good with { Right = 99, Misses = 1000 }, "99 of 100 would-be hits");
        AssertWaits(Good with { Writes = 0 }, "0 of 1 writes");
    }

    [Fact]
    public void One_wrong_hit_makes_it_not_ready_however_little_was_seen()
    {
        var figures = Good with { Misses = 0, Right = 0, Wrong = 1, Places = [new("/updatedAt", 1)] };

        var verdict = ShadowVerdict.Of(figures);

        Assert.Equal(ShadowVerdictWord.NotReady, verdict.Word);
        Assert.Contains(verdict.Reasons, static reason => reason.Contains("/updatedAt", StringComparison.Ordinal));
        Assert.Contains(verdict.Reasons, static reason => reason.Contains("past the sidecar", StringComparison.Ordinal));
    }

    [Fact]
    public void A_write_that_named_the_id_is_proposed_for_Evicts()
    {
        var figures = Good with
        {
            Wrong = 2,
            Places = [new("status", 2)],
            AfterWrites = [new(new SeenWrite("orders", "POST", NamesId: true), 2), new(new SeenWrite("other", "PUT", NamesId: false), 1)],
        };

        var reasons = ShadowVerdict.Of(figures).Reasons;

        Assert.Contains(reasons, static reason => reason.Contains("a POST on the route orders", StringComparison.Ordinal) && reason.Contains("Evicts", StringComparison.Ordinal));
        Assert.DoesNotContain(reasons, static reason => reason.Contains("route other", StringComparison.Ordinal) || reason.Contains("past the sidecar", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hit_that_a_write_overtook_is_not_wrong() =>
        Assert.Equal(ShadowVerdictWord.Ready, ShadowVerdict.Of(Good with { Overtaken = 5 }).Word);

    [Fact]
    public void A_low_ratio_is_ready_and_hardly_worth_it() =>
        Assert.Contains(ShadowVerdict.Of(Good with { Misses = 9000 }).Reasons, static reason => reason.Contains("hardly worth it", StringComparison.Ordinal));

    private static void AssertWaits(ShadowFigures figures, string reason)
    {
        var verdict = ShadowVerdict.Of(figures);
        Assert.Equal(ShadowVerdictWord.Wait, verdict.Word);
        Assert.Contains(verdict.Reasons, text => text.Contains(reason, StringComparison.Ordinal));
    }
}
