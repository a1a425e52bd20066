using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Parties;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Every interleaving of small systems of two replicas, each with the product's own <c>ResourceCache</c>, pending evictions and flights,
/// with faults between them and the store: a call that is not carried out, one whose reply is lost, one that comes late; and with a Redis
/// that returns with old data or with none.
/// </summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class ReplicaInterleavingsTests(ITestOutputHelper output)
{
    private readonly ReplicaExploration _replicas = new(output);

    [Fact]
    public async Task Writes_whose_calls_to_the_store_fail()
    {
        var total = 0L;
        foreach (var system in WithFaults(Write, ThroughAnother(Fill), Retry, Clock)
            .Concat(WithFaults(Write, Fill, ThroughAnother(Fill)))
            .Concat(WithFaults(RenewedWrite, ThroughAnother(Fill), Retry, Clock))
            .Concat(WithFaults(RefusedWrite, ThroughAnother(Write), ThroughAnother(Fill)))
            .Concat(LargeWithFaults(Write, ThroughAnother(Write), ThroughAnother(Fill), Retry))
            .Concat(LargeWithFaults(RefusedWrite, ThroughAnother(Write), ThroughAnother(Fill), Retry))
            .Concat(LargeWithFaults(Write, Fill, ThroughAnother(Fill), Retry)))
        {
            total += await _replicas.PlayInMemoryAsync("failing calls", system);
        }

        Report($"memory, two replicas, writes whose calls fail: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 100_000, long.MaxValue);
    }

    [Fact]
    public async Task Strict_writes_whose_calls_to_the_store_fail_before_their_fences_lapse()
    {
        var total = 0L;
        foreach (var system in WithFaults(StrictWrite, ThroughAnother(Fill), Retry)
            .Concat(WithFaults(StrictWrite, Fill, ThroughAnother(Fill)))
            .Concat(LargeWithFaults(StrictWrite, Fill, ThroughAnother(Fill), Retry))
            .Concat(LargeWithFaults(StrictWrite, ThroughAnother(Write), ThroughAnother(Fill), Retry)))
        {
            total += await _replicas.PlayInMemoryAsync("failing calls, strict", system);
        }

        Report($"memory, two replicas, strict writes whose calls fail: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 10_000, long.MaxValue);
    }

    [Fact]
    public async Task Fills_and_evictions_without_a_fence_whose_calls_to_the_store_fail()
    {
        var total = 0L;
        foreach (var system in WithFaults(Fill, ThroughAnother(Fill), Write)
            .Concat(WithFaults(Eviction, ThroughAnother(Fill), Retry))
            .Concat(WithFaults(Eviction, Fill, ThroughAnother(Fill)))
            .Concat(WithFaults(Eviction, ThroughAnother(Write), ThroughAnother(Fill)))
            .Concat(LargeWithFaults(Eviction, Fill, ThroughAnother(Fill), Retry))
            .Concat(LargeWithFaults(Eviction, ThroughAnother(Fill), Deletion, Retry, Clock)))
        {
            total += await _replicas.PlayInMemoryAsync("failing calls", system);
        }

        Report($"memory, two replicas, fills and evictions whose calls fail: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 50_000, long.MaxValue);
    }

    [Fact]
    public async Task Fills_whose_look_up_takes_the_lease_and_calls_that_fail()
    {
        var inMemory = 0L;
        foreach (var system in WithFaults(ForetoldFill, ThroughAnother(ForetoldFill), Write)
            .Concat(WithFaults(ForetoldFill, Fill, ThroughAnother(Write)))
            .Concat(WithFaults(Write, ThroughAnother(ForetoldFill), Retry, Clock))
            .Concat(WithFaults(Eviction, ThroughAnother(ForetoldFill), Retry)))
        {
            inMemory += await _replicas.PlayInMemoryAsync("look-ups that take the lease", system);
        }

        var inRedis = await _replicas.PlayInRedisAsync(
            "look-ups that take the lease",
            [.. WithFaults(Write, ThroughAnother(ForetoldFill)), [Write, ThroughAnother(ForetoldFill), Snapshot, Restart], [Write, ThroughAnother(ForetoldFill), EmptyRestart, Clock]]);
        Report($"memory and Redis, two replicas, look-ups that take the lease: {inMemory:N0} and {inRedis:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(inMemory, 20_000, long.MaxValue);
        Assert.InRange(inRedis, 1_000, long.MaxValue);
    }

    [Fact]
    public async Task Writes_whose_replica_dies_and_writes_that_nobody_waits_for()
    {
        var total = 0L;
        foreach (Party[] system in (Party[][])
            [
                [UnansweredWrite, ThroughAnother(Fill), Retry, HalfClock, HalfClock], [UnansweredWrite, Fill, ThroughAnother(Fill), Clock],
                [UnansweredWrite, ThroughAnother(Write), ThroughAnother(Fill), Clock], [RenewedWrite with { Steps = 2 }, ThroughAnother(Fill), HalfClock, HalfClock],
                [RenewedWrite with { Steps = 3 }, ThroughAnother(Fill), HalfClock, HalfClock], [Write with { Steps = 2 }, ThroughAnother(Fill), ThroughAnother(Fill), Clock],
                [Write with { Steps = 2, Fault = new(FaultKind.ReplyLost, 0, 1) }, ThroughAnother(Fill), Clock],
                [Write with { Steps = 2, Fault = new(FaultKind.NotCarriedOut, 0, 1) }, ThroughAnother(Fill), Clock],
            ])
        {
            total += await _replicas.PlayInMemoryAsync("unknown ends", system);
        }

        Report($"memory, two replicas, writes that nobody knows the end of: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 20_000, long.MaxValue);
    }

    [Fact]
    public async Task Copies_in_a_replica_and_writes_through_it()
    {
        var total = 0L;
        foreach (Party[] system in (Party[][])[[SlowRead, Fill, Write], [SlowRead, SlowRead, Fill, Write], [SlowRead, Fill, Write, RefusedWrite]])
        {
            total += await _replicas.PlayInMemoryAsync("copies", system);
        }

        Report($"memory, one replica with copies: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 1_000, long.MaxValue);
    }

    [Fact]
    public async Task A_Redis_that_returns_with_old_data_or_with_none()
    {
        var total = await _replicas.PlayInRedisAsync(
            "restarts",
            [
                [Write, ThroughAnother(Fill), Snapshot, Restart], [Write, ThroughAnother(Fill), EmptyRestart], [Write, ThroughAnother(Fill), EmptyRestart, Clock],
                .. LargeWithFaults(Write, ThroughAnother(Fill), Restart, Retry), [Deletion, ThroughAnother(Fill), Snapshot, Restart],
            ]);
        Report($"Redis, two replicas, restarts: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 2_000, long.MaxValue);
    }

    [Fact]
    public async Task Writes_whose_calls_to_Redis_fail()
    {
        var total = await _replicas.PlayInRedisAsync("failing calls", WithFaults(Write, ThroughAnother(Fill), Retry));
        Report($"Redis, two replicas, writes whose calls fail: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 3_000, long.MaxValue);
    }

    [Fact]
    public async Task A_damaged_protocol_is_caught()
    {
        await IsCaughtAsync(nameof(DamagedStores.WithoutDeadlineOfUnknown), () => _replicas.PlayInMemoryAsync(
            "hasty", [UnansweredWrite, ThroughAnother(Fill), Clock], DamagedStores.WithoutDeadlineOfUnknown));
        await IsCaughtAsync(nameof(DamagedStores.WithoutPendingEvictions), () => _replicas.PlayInMemoryAsync(
            "forgetful", [Write.With(new(FaultKind.NotCarriedOut, 0, 2)), ThroughAnother(Fill), Retry], damage: DamagedStores.WithoutPendingEvictions));
        await IsCaughtAsync("ReplyOfAnEvictionLost", () => _replicas.PlayInMemoryAsync(
            "forgetful", [Eviction.With(new(FaultKind.Late, 0, 1)), ThroughAnother(Fill), Retry], damage: DamagedStores.WithoutPendingEvictions));
        await IsCaughtAsync("StrictAcknowledgedAfterItsFenceLapsed", () => _replicas.PlayInMemoryAsync(
            "lapsed", [StrictWrite.With(new(FaultKind.NotCarriedOut, 1, 1)), ThroughAnother(Fill), Clock], acknowledges: static (_, _, _) => true));
        await IsCaughtAsync(nameof(DamagedStores.WithoutVaryCheck), () => _replicas.PlayInMemoryAsync(
            "unvarying", [SpeakingFill, ThroughAnother(Fill), Deployment], DamagedStores.WithoutVaryCheck));
        await IsCaughtAsync(nameof(DamagedStores.WithoutReplicationIds), () => _replicas.PlayInRedisAsync(
            "credulous", [[Fill, Fill, ThroughAnother(Write), Snapshot, Restart]], DamagedStores.WithoutReplicationIds));
    }

    private async Task IsCaughtAsync(string damage, Func<Task> play)
    {
        var exception = await Assert.ThrowsAsync<InterleavingException>(play);
        Report($"caught, {damage}: {exception.Message}");
    }

    private void Report(FormattableString line) => Exploration.Report(output, line);
}
