using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Parties;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Every interleaving of a write that goes past all replicas and is told of afterwards with fills, with writes through the replicas and with
/// calls that fail: once it has been taken, nobody is served what it replaced.
/// </summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class OutsideWriteInterleavingsTests(ITestOutputHelper output)
{
    private readonly ReplicaExploration _replicas = new(output);

    [Fact]
    public async Task Writes_past_the_replicas_in_memory()
    {
        var total = 0L;
        foreach (var system in WithFaults(OutsideWrite, ThroughAnother(Fill), Retry)
            .Concat([[OutsideWrite, ForetoldFill, ThroughAnother(Fill)], [OutsideWrite.With(new(FaultKind.Late, 0, 1)), ForetoldFill, ThroughAnother(Fill)]])
            .Concat(LargeWithFaults(OutsideWrite, ForetoldFill, ThroughAnother(Fill)))
            .Concat([[OutsideWrite, ThroughAnother(OutsideWrite), Fill], [OutsideWrite, ThroughAnother(Write), ThroughAnother(Fill)], [OutsideWrite, RefusedWrite, ThroughAnother(Fill)]])
            .Concat([[OutsideWrite, UnansweredWrite, ThroughAnother(Fill), Clock], [OutsideWrite, Deletion, ThroughAnother(Fill)]])
            .Concat(LargeWithFaults(OutsideWrite, ThroughAnother(Write), ThroughAnother(Fill), Retry)))
        {
            total += await _replicas.PlayInMemoryAsync("writes past the replicas", system);
        }

        Exploration.Report(output, $"memory, two replicas, writes past them: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 5_000, long.MaxValue);
    }

    [Fact]
    public async Task Writes_past_the_replicas_in_Redis()
    {
        var total = await _replicas.PlayInRedisAsync(
            "writes past the replicas",
            [
                .. WithFaults(OutsideWrite, ThroughAnother(Fill)), [OutsideWrite, ThroughAnother(Write), Fill], [OutsideWrite, ThroughAnother(Fill), Snapshot, Restart],
                [OutsideWrite, ThroughAnother(Fill), EmptyRestart],
            ]);
        Exploration.Report(output, $"Redis, two replicas, writes past them: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 500, long.MaxValue);
    }

    [Fact]
    public async Task An_intake_that_breaks_its_promise_is_caught()
    {
        await IsCaughtAsync(nameof(DamagedStores.WithoutLeaseCheck), () => _replicas.PlayInMemoryAsync(
            "leaseless", [OutsideWrite, ThroughAnother(Fill)], DamagedStores.WithoutLeaseCheck));
        await IsCaughtAsync(nameof(DamagedStores.WithoutEviction), () => _replicas.PlayInMemoryAsync(
            "evictionless", [OutsideWrite, ThroughAnother(Fill)], DamagedStores.WithoutEviction));
        await IsCaughtAsync("AcknowledgedBlindly", () => _replicas.PlayInMemoryAsync(
            "blind", [OutsideWrite.With(new(FaultKind.NotCarriedOut, 0, 1)), ThroughAnother(Fill)], takesBlindly: true));
    }

    private async Task IsCaughtAsync(string damage, Func<Task> play)
    {
        var exception = await Assert.ThrowsAsync<InterleavingException>(play);
        Exploration.Report(output, $"caught, {damage}: {exception.Message}");
    }
}
