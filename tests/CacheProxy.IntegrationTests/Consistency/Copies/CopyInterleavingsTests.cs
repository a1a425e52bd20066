using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Copies.CopyParties;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// The orders of the steps of replicas that hold copies of a resource or of its tag, with the product's own code: no read that begins after a write
/// was acknowledged returns what it replaced, in any replica; and every write is answered.
/// </summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class CopyInterleavingsTests(ITestOutputHelper output)
{
    [Fact]
    public Task A_copy_and_a_write() => AllAsync(
        "a copy and a write", 400, [[Look, AtB(Write)], [Look, Write], [Look, AtB(Eviction)], [Look, Eviction]], [[Look, AtB(Refusal)]]);

    [Fact]
    public Task A_write_whose_answer_begins_before_its_end() => AllAsync(
        "an answer's head and its end",
        150,
        [[Quick(Look), AtB(Answer)], [Quick(Look), AtB(Answer).With(FaultKind.NotCarriedOut, 0)], [Quick(Look), Loss, AtB(Answer)]],
        [[Look, AtB(Answer)], [Quick(Look), AtC(Quick(Look)), AtB(Answer)], [Quick(Look), AtB(Answer).With(FaultKind.ReplyLost, 0)]]);

    [Fact]
    public Task A_tag_whose_generation_is_held() => AllAsync(
        "a tag whose generation is held",
        500,
        [
            [Quick(Look), AtB(OfTag(Write))], [Quick(Look), AtB(OfTag(Eviction))], [Look, AtB(OfTag(Quick(Write)))], [Unforetold(Look), AtB(OfTag(Quick(Eviction)))],
            [Quick(Look), OfTag(Quick(Write)), AtB(OfTag(Quick(Eviction)))], [Quick(Look), AtC(Quick(Look)), AtB(OfTag(Quick(Write)))],
            [Quick(Look), AtB(OfTag(Quick(Eviction))), Quick(Fill), Quick(Look)], [Quick(Look), AtB(OfTag(Quick(Write))), AtC(Quick(Write))],
        ],
        [[Look, AtB(OfTag(Quick(Eviction)))], [Look, AtB(OfTag(Write))], [Unforetold(Look), AtB(OfTag(Write))], [Quick(Look), AtB(OfTag(Quick(Write))), Fill, Quick(Look)]]);

    [Fact]
    public Task A_tag_whose_invalidation_is_lost_or_late_or_whose_lease_runs_out() => AllAsync(
        "a tag, with failures",
        1_000,
        [
            [Quick(Look), Loss, AtB(OfTag(Quick(Write)))], [Quick(Look), AtB(Loss), AtB(OfTag(Quick(Write)))], [Quick(Look), Doubling, AtB(OfTag(Quick(Eviction))), Quick(Look)],
            [Quick(Look), Cut, AtB(OfTag(Quick(Eviction)))], [Quick(Look), Kill, AtB(OfTag(Quick(Write)))], [Quick(Look), AtB(OfTag(Quick(Write))), Clock(890), Clock(110)],
            [Quick(Look), EmptyRestart, AtB(OfTag(Quick(Write)))], [Quick(Look), Snapshot, Restart, AtB(OfTag(Quick(Eviction)))],
            [AtB(OfTag(Quick(LongWrite))), FenceFalls, Quick(Fill), Quick(Look)], .. Failing(fault => [Quick(Look), AtB(OfTag(Eviction)).With(fault, 0), AtB(Retry)]),
        ],
        [[Look, Loss, AtB(OfTag(Quick(Write)))], [Look, AtB(OfTag(Quick(Eviction))), Clock(890), Clock(110)]]);

    [Fact]
    public Task Two_writers() => AllAsync(
        "two writers",
        200,
        [
            [Quick(Look), AtB(Quick(Write)), AtC(Quick(Write))], [Quick(Look), AtB(Quick(Eviction)), AtC(Quick(Eviction))],
            [Quick(Look), Quick(Write), AtB(Quick(Write))], [Look, AtB(Quick(Eviction)), AtB(Quick(Eviction))],
        ],
        [[Look, AtB(Quick(Write)), AtC(Quick(Write))], [Look, AtB(Write), AtC(Quick(Eviction))], [Look, AtB(Write), AtB(Quick(Write))]]);

    [Fact]
    public Task Two_holders() => AllAsync(
        "two holders",
        400,
        [[Quick(Look), AtC(Quick(Look)), AtB(Quick(Write))], [Quick(Look), AtC(Look), AtB(Quick(Eviction))]],
        [[Look, AtC(Look), AtB(Quick(Write))], [Quick(Look), AtB(Look), AtC(Quick(Write))]]);

    [Fact]
    public Task What_is_filled_and_held_again() => AllAsync(
        "filled and held again",
        700,
        [[Quick(Look), AtB(Quick(Refusal)), Quick(Look), AtB(Quick(Write))], [Fill, Quick(Look), AtB(Quick(Write))], [Quick(Look), AtB(Quick(Eviction)), Quick(Fill), Quick(Look)]],
        [[Look, Quick(Look), Quick(Look), AtB(Quick(Refusal)), AtB(Quick(Write))], [Quick(Look), AtB(Quick(Write)), Quick(Fill), Quick(Look), AtB(Quick(Write))]]);

    [Fact]
    public Task Leases_that_run_out() => AllAsync(
        "leases that run out",
        1_000,
        [[Look, AtB(Quick(Write)), Clock(250), Clock(750)], [Look, AtB(Quick(Eviction)), Clock(890), Clock(110)]],
        [[Quick(Look), AtB(Write), Clock(1_000)], [Look, AtB(Write), Clock(1_000)], [Look, Look, AtB(Quick(Write)), Clock(1_000)]]);

    [Fact]
    public Task Messages_that_are_lost_or_doubled_and_a_channel_that_is_cut() => AllAsync(
        "lost and doubled messages",
        1_000,
        [
            [Quick(Look), Loss, AtB(Quick(Write))], [Look, AtB(Loss), AtB(Quick(Write))], [Quick(Look), AtB(Doubling), Quick(Look), AtB(Quick(Refusal)), AtB(Quick(Write))],
            [Look, Cut, AtB(Quick(Write))], [Quick(Look), AtB(Cut), AtB(Quick(Write))],
        ],
        [[Look, Loss, AtB(Loss), AtB(Quick(Write)), Clock(30)], [Look, Doubling, AtB(Quick(Write))], [Look, Look, Cut, AtB(Quick(Write))]]);

    [Fact]
    public Task Replicas_that_die() => AllAsync(
        "replicas that die", 500, [[Look, Kill, AtB(Quick(Write))], [Quick(Look), AtB(Write), AtB(Kill)], [Quick(Look), Kill, Quick(Look), AtB(Quick(Eviction))]], [[Look, Kill, AtB(Write)]]);

    [Fact]
    public Task A_store_that_comes_back_with_nothing_or_with_what_it_had() => AllAsync(
        "restarts",
        1_000,
        [
            [Quick(Look), EmptyRestart, AtB(Write)], [Look, EmptyRestart, AtB(Quick(Eviction))], [Quick(Look), Snapshot, Restart, AtB(Quick(Write))],
            [Quick(Look), EmptyRestart, AtB(Quick(Write)), Clock(600), Clock(600)], [Quick(Look), EmptyRestart, AtB(Probe), AtB(Quick(Write))], [Quick(Look), EmptyRestart, Quick(Fill), Quick(Look), AtB(Quick(Write))],
        ],
        [[Look, EmptyRestart, AtB(Quick(Write)), Clock(600)], [Look, Snapshot, Restart, AtB(Quick(Write))], [Quick(Look), EmptyRestart, EmptyRestart, AtB(Write)]]);

    [Fact]
    public Task Fences_that_fall_and_steps_that_fail() => AllAsync(
        "fences that fall and steps that fail",
        1_000,
        [
            [AtB(Quick(LongWrite)), FenceFalls, Quick(Fill), Quick(Look)],
            [Quick(Look), AtB(Write).With(FaultKind.NotCarriedOut, 0), AtB(Retry)], [Quick(Look), AtB(Write).With(FaultKind.NotCarriedOut, 1), AtB(Retry)],
            .. Failing(fault => [Look.With(fault, 0), Quick(Look), AtB(Quick(Write))]),
            .. Failing(fault => [Quick(Look), AtB(Eviction).With(fault, 0), AtB(Retry)]),
        ],
        [
            .. Failing(fault => [Quick(Look), AtB(Write).With(fault, 0), AtB(Retry)]), .. Failing(fault => [Quick(Look), AtB(Write).With(fault, 1), AtB(Retry)]),
            .. Failing(fault => [Look, AtB(Eviction).With(fault, 0), AtB(Retry)]), .. Failing(fault => [Look.With(fault, 0), Quick(Look), AtB(Write)]),
        ]);

    private static IEnumerable<CopyParty[]> Failing(Func<FaultKind, CopyParty[]> system) =>
        from fault in (FaultKind[])[FaultKind.NotCarriedOut, FaultKind.ReplyLost, FaultKind.Late] select system(fault);

    [Fact]
    public Task The_scripts_of_Redis() => AllInRedisAsync(
        "copies",
        1_000,
        [
            [Look, AtB(Quick(Write))], [Look, AtB(Eviction)], [Look, Write], [Quick(Look), AtB(Quick(Refusal)), Quick(Look), AtB(Quick(Write))],
            [AtB(Quick(LongWrite)), FenceFalls, Quick(Fill), Quick(Look)], [Quick(Look), AtB(Quick(Eviction)), AtC(Quick(Write))],
            [Quick(Look), Kill, AtB(Quick(Write)), Clock(500)], .. Failing(fault => [Quick(Look), AtB(Eviction).With(fault, 0), AtB(Retry)]),
            [Quick(Look), AtB(OfTag(Write))], [Look, AtB(OfTag(Quick(Eviction)))], [Quick(Look), AtB(OfTag(Quick(Write))), Quick(Fill), Quick(Look)],
            .. Exploration.IsFull ? (CopyParty[][])[[Look, AtB(Write)], .. Failing(fault => [Quick(Look), AtB(Write).With(fault, 1), AtB(Retry)])] : [],
        ]);

    /// <summary>
    /// What another Redis has granted before is known to nobody but its holders. Since when this one is in use it is asked itself, by the product's
    /// own script, when a replica finds it; in one step with the restart, or in a later one.
    /// </summary>
    [Fact]
    public Task The_scripts_of_a_Redis_that_restarts() => AllInRedisAsync(
        "restarts",
        200,
        [
            [Quick(Look), EmptyRestart, AtB(Quick(Write))], [Quick(Look), Snapshot, Restart, AtB(Quick(Write))], [Quick(Look), EmptyRestart, AtB(Eviction)],
            [Quick(Look), EmptyRestart, AtB(Probe), AtB(Quick(Write))], [Quick(Look), EmptyRestart, Clock(600), AtB(Kill), AtB(Quick(Write))],
            [Quick(Look), EmptyRestart, AtB(OfTag(Quick(Write)))],
            .. Exploration.IsFull ? (CopyParty[][])[[Quick(Look), EmptyRestart, AtB(Write)], [Quick(Look), EmptyRestart, Quick(Fill), Quick(Look), AtB(Quick(Write))]] : [],
        ]);

    private async Task AllInRedisAsync(string name, int least, CopyParty[][] systems)
    {
        var total = await CopyExploration.PlayInRedisAsync(output, systems);
        Exploration.Report(output, $"Redis, {name}: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, least, long.MaxValue);
    }

    /// <param name="name">What the systems are about.</param>
    /// <param name="least">How many orders there must be.</param>
    /// <param name="systems">Those that are played always.</param>
    /// <param name="larger">Those that take minutes.</param>
    private async Task AllAsync(string name, int least, CopyParty[][] systems, CopyParty[][]? larger = null)
    {
        var total = 0L;
        foreach (var system in systems.Concat(Exploration.IsFull ? larger ?? [] : []))
        {
            total += await CopyExploration.PlayInMemoryAsync(output, name, system);
        }

        Exploration.Report(output, $"memory, copies, {name}: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, least, long.MaxValue);
    }
}
