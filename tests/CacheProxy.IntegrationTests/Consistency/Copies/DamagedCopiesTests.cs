using CacheProxy.Store;
using CacheProxy.Tests.Store;
using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Copies.CopyParties;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>Each clause of the protocol of copies is there for a reason: without it, some order of steps breaks the promise, and the explorer finds it.</summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class DamagedCopiesTests(ITestOutputHelper output)
{
    [Fact]
    public Task A_writer_that_does_not_wait_is_caught() =>
        IsCaughtAsync(new BlindWriter(static (step, _) => new WriteStep(step.Outcome)), "is served after", [Look, AtB(Write)]);

    [Fact]
    public Task A_writer_that_waits_only_for_those_whom_its_beginning_lists_is_caught() => IsCaughtAsync(
        new BlindWriter(static (step, begins) => begins ? step : step with { Holders = null }),
        "is served after",
        [AtB(Quick(LongWrite)), FenceFalls, Quick(Fill), Quick(Look)]);

    [Fact]
    public Task A_writer_that_waits_only_for_those_whom_its_end_lists_is_caught() => IsCaughtAsync(
        new BlindWriter(static (step, begins) => begins ? step with { Holders = null } : step),
        "is served after",
        [Quick(Look), AtB(Write).With(FaultKind.NotCarriedOut, 1)]);

    [Fact]
    public Task A_writer_that_knows_no_grace_is_caught() => IsCaughtAsync(
        new BlindWriter(static (step, _) => step with { Grace = TimeSpan.Zero }), "is served after", [Quick(Look), EmptyRestart, AtB(Quick(Write))]);

    [Fact]
    public Task A_writer_that_knows_no_bound_is_caught() => IsCaughtAsync(
        new BlindWriter(static (step, _) => step with { Holders = step.Holders?.Select(static holder => holder with { Left = TimeSpan.FromDays(1) }).ToArray() }),
        "is withheld for ever",
        [Quick(Look), Kill, AtB(Quick(Write))]);

    [Fact]
    public Task A_lease_that_counts_from_the_reply_is_caught() =>
        IsCaughtAsync(new LeaseFromTheReply(), "is served after", [Look, AtB(Quick(Write)), Clock(250), Clock(750)]);

    [Fact]
    public Task A_copy_that_comes_late_and_is_kept_is_caught() => IsCaughtAsync(new LateCopyKept(), "is served after", [Look, AtB(Quick(Write))]);

    [Fact]
    public Task A_release_without_a_number_is_caught() => IsCaughtAsync(
        new ReleaseWithoutNumber(), "is served after", [Quick(Look), AtB(Quick(Refusal)), Quick(Look), AtB(Quick(Write))]);

    [Fact]
    public Task An_acknowledgement_without_a_number_is_caught() => IsCaughtAsync(
        new AcknowledgementWithoutNumber(), "is served after", [Quick(Look), AtB(Quick(Refusal)), Quick(Look), AtB(Quick(Write))]);

    [Fact]
    public Task A_late_hold_that_lowers_the_number_is_caught() => IsCaughtAsync(
        new CopyDamage { OfScripts = SharedStoreDamage.HoldLowersNumber },
        "is served after",
        [Look, Quick(Look), Quick(Look), AtB(Quick(Refusal)), AtB(Quick(Write))],
        isLarge: true);

    [Fact]
    public Task An_eviction_that_removes_what_is_held_is_caught() => IsCaughtAsync(
        new CopyDamage { OfScripts = SharedStoreDamage.EvictionRemovesHeld }, "is served after", [Quick(Look), AtB(Quick(Eviction)), AtC(Quick(Eviction))]);

    [Fact]
    public Task An_answer_of_which_only_the_end_is_withheld_is_caught() => IsCaughtAsync(new EarlyHead(), "is served after", [Quick(Look), AtB(Answer)]);

    [Fact]
    public Task A_writer_of_a_tag_that_does_not_wait_is_caught() => IsCaughtAsync(
        new BlindWriter(static (step, _) => new WriteStep(step.Outcome)), "is served after", [Quick(Look), AtB(OfTag(Quick(Eviction)))]);

    [Fact]
    public Task A_generation_that_comes_late_and_is_kept_is_caught() => IsCaughtAsync(
        new LateCopyKept(), "is served after", [Look, AtB(OfTag(Quick(Write)))]);

    [Fact]
    public async Task A_writer_that_knows_no_grace_is_caught_in_a_Redis_that_restarts()
    {
        var exception = await Assert.ThrowsAsync<InterleavingException>(() => CopyExploration.PlayInRedisAsync(
            output, [[Quick(Look), EmptyRestart, AtB(Quick(Write))]], new BlindWriter(static (step, _) => step with { Grace = TimeSpan.Zero })));
        Exploration.Report(output, $"caught: {exception.Message}");
        Assert.Contains("is served after", exception.Message, StringComparison.Ordinal);
    }

    private async Task IsCaughtAsync(CopyDamage damage, string how, CopyParty[] system, bool isLarge = false)
    {
        // The very system is sound without the damage: the larger ones are played with the others, or on demand.
        var played = isLarge && !Exploration.IsFull ? 0 : await CopyExploration.PlayInMemoryAsync(output, "sound", system);
        var exception = await Assert.ThrowsAsync<InterleavingException>(() => CopyExploration.PlayInMemoryAsync(output, "damaged", system, damage));
        Exploration.Report(output, $"caught ({played:N0} interleavings without the damage): {exception.Message}");
        Assert.Contains(how, exception.Message, StringComparison.Ordinal);
    }
}
