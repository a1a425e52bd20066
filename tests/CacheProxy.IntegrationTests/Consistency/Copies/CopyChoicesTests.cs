using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Copies.CopyParties;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>What the explorer leaves out it may leave out: it sees all that it would see without.</summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class CopyChoicesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_orders_that_are_left_out_lead_to_no_state_of_their_own()
    {
        CopyParty[][] systems =
        [
            [Look, AtB(Eviction)], [Quick(Look), AtB(Answer)], [Quick(Look), AtB(Quick(Eviction)), AtC(Quick(Write))], [Look, AtB(OfTag(Quick(Write)))],
            [Look, Write], [Look, Kill, AtB(Quick(Write))],
            .. Exploration.IsFull
                ? (CopyParty[][])[[Look, AtB(Write)], [Quick(Look), AtC(Look), AtB(Quick(Eviction))], [Quick(Look), AtB(Eviction).With(FaultKind.Late, 0), AtB(Retry)]] : [],
        ];
        foreach (var system in systems)
        {
            var (played, states) = await CopyExploration.StatesAsync(system, leavesOut: true);
            var (all, known) = await CopyExploration.StatesAsync(system, leavesOut: false);
            output.WriteLine($"[{string.Join("; ", system)}]: {states.Count} states in {played} of {all} interleavings");
            Assert.InRange(played, 1, all - 1);
            Assert.Equal(known.Order(), states.Order());
        }
    }
}
