using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Dependencies.DependencyExploration;
using static CacheProxy.IntegrationTests.Consistency.Dependencies.DependencyPartyKind;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>A customer that contains a pet, in every order in which its fills, the pet's writes and what goes wrong can happen.</summary>
public sealed class DependencyInterleavingsTests(ITestOutputHelper output)
{
    public static TheoryData<string> Damages => [.. DamagedIndexes.All.Keys];

    [Fact]
    public Task A_fill_and_two_writes() => AllAsync("a fill and two writes", 1_000, [[new(Fill), new(Write), new(Write)]]);

    [Fact]
    public Task Two_fills_and_a_write() => AllAsync("two fills and a write", 1_000, [[new(Fill), new(Fill), new(Write)]]);

    [Fact]
    public Task A_writer_that_crashes() =>
        AllAsync("a writer that crashes", 500, [.. WithCrashes(1, 4, new(Fill), new(Write), new(Clock)), .. WithCrashes(2, 4, new(Fill), new(Fill), new(Write))]);

    [Fact]
    public Task A_node_that_restarts() => AllAsync(
        "a node that restarts", 500,
        [new(Fill), new(Write), new(EmptyRestart)], [new(Fill), new(RenewedWrite), new(EmptyRestart)], [new(Fill), new(Write), new(Restart)]);

    [Fact]
    public Task Writes_that_take_too_long_or_whose_client_leaves_and_evictions_without_a_fence() => AllAsync(
        "deadlines, unanswered writes, evictions", 500,
        [new(Fill), new(RenewedWrite), new(HalfClock)], [new(Fill), new(UnansweredWrite), new(Clock)], [new(Fill), new(Eviction), new(Write)]);

    [Fact]
    public Task Calls_that_fail() => AllAsync(
        "calls that fail", 500,
        [
            .. WithFaults(1, 3, new(Fill), new(Write), new(Retry)), .. WithFaults(0, 2, new(Fill), new(Write)),
            .. WithFaults(1, 3, new(Fill), new(Write) { IsStrict = true }),
        ]);

    /// <summary>The larger systems, which take many minutes.</summary>
    [Fact]
    [Trait("Category", "Exhaustive")]
    public async Task More_of_everything()
    {
        Assert.SkipUnless(Exploration.IsFull, $"Only with {Exploration.FullVariable}=1.");
        await AllAsync("a fill and two writes, of which one crashes", 1_000, [.. WithCrashes(2, 4, new(Fill), new(Write), new(Write))]);
        await AllAsync("two fills, a write and a restart", 1_000, [[new(Fill), new(Fill), new(Write), new(EmptyRestart)]]);
        await AllAsync("a node that returns with old data", 1_000, [[new(Fill), new(Write), new(Snapshot), new(Restart)], [new(Fill), new(RenewedWrite), new(Snapshot), new(Restart)]]);
        await AllAsync("deadlines and crashes", 1_000, [.. WithCrashes(1, 5, new(Fill), new(RenewedWrite), new(HalfClock), new(Clock))]);
        await AllAsync("calls of two writers that fail", 1_000, [.. WithFaults(1, 3, new(Fill), new(Write), new(Write), new(Retry))]);
        await AllAsync("two fills and two writes", 1_000, [[new(Fill), new(Fill), new(Write), new(Write)]]);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_index_is_caught(string damage)
    {
        DependencyParty[][] systems =
        [
            [new(Fill), new(Write)], [new(Fill), new(Fill), new(Write)], [new(Fill), new(RenewedWrite), new(EmptyRestart)],
            [new(Fill), new(Write), new(EmptyRestart)],
        ];
        foreach (var system in systems)
        {
            try
            {
                await PlayAsync(system, DamagedIndexes.All[damage]);
            }
            catch (InterleavingException exception)
            {
                output.WriteLine($"Caught, {damage}: {exception.Message}");
                return;
            }
        }

        Assert.Fail("Nothing was found wrong.");
    }

    private async Task AllAsync(string name, int least, params DependencyParty[][] systems)
    {
        var total = 0L;
        foreach (var system in systems)
        {
            total += await PlayAsync(system);
        }

        Exploration.Report(output, $"what an entry contains, {name}: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, least, long.MaxValue);
    }
}
