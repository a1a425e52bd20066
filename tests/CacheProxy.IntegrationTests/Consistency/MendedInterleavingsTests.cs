using Xunit;
using static CacheProxy.IntegrationTests.Consistency.Parties;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Systems of replicas in which the explorer has found something that was wrong with the product.</summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class MendedInterleavingsTests(ITestOutputHelper output)
{
    private readonly ReplicaExploration _replicas = new(output);

    [Fact]
    public async Task Writes_that_nobody_waits_for_and_whose_calls_to_the_store_fail()
    {
        var total = 0L;
        foreach (var system in WithFaults(UnansweredWrite, ThroughAnother(Fill), Retry)
            .Concat(WithFaults(UnansweredWrite, Fill, ThroughAnother(Fill)))
            .Concat(LargeWithFaults(UnansweredWrite, Fill, ThroughAnother(Fill), Retry)))
        {
            total += await _replicas.PlayInMemoryAsync("unknown ends", system);
        }

        Conclude("memory, writes that nobody waits for and whose calls fail", total, 10_000);
    }

    /// <summary>The API commits when the fence as last renewed has lapsed, but less than its deadline after the client has left.</summary>
    [Fact]
    public async Task Writes_that_nobody_waits_for_and_whose_last_renewal_fails()
    {
        var total = 0L;
        foreach (var system in WithFaults(UnansweredWrite, ThroughAnother(Fill), Retry, Clock)
            .Concat(WithFaults(UnansweredWrite, ThroughAnother(Fill), Retry, HalfClock, HalfClock)))
        {
            total += await _replicas.PlayInMemoryAsync("unknown ends", system);
        }

        Conclude("memory, writes that nobody waits for and whose last renewal fails", total, 20_000);
    }

    [Fact]
    public async Task Strict_writes_whose_fences_lapse()
    {
        var total = 0L;
        foreach (var system in WithFaults(StrictWrite, ThroughAnother(Fill), Retry, Clock)
            .Concat(WithFaults(RenewedWrite with { IsStrict = true }, ThroughAnother(Fill), HalfClock, HalfClock)))
        {
            total += await _replicas.PlayInMemoryAsync("lapsed fences, strict", system);
        }

        Conclude("memory, strict writes whose fences lapse", total, 20_000);
    }

    [Fact]
    public async Task A_flight_that_others_follow_and_a_Redis_that_returns_with_old_data()
    {
        var total = await _replicas.PlayInRedisAsync("flights and restarts", [[Fill, Fill, ThroughAnother(Write), Snapshot, Restart]]);
        Conclude("Redis, a flight that others follow, and restarts", total, 10_000);
    }

    [Fact]
    public async Task Fills_while_it_is_in_doubt_who_the_primary_is()
    {
        var total = await _replicas.PlayInRedisAsync("failovers", [[ThroughAnother(Fill), Write, Snapshot, Failover]]);
        Conclude("Redis, failovers", total, 3_000);
    }

    [Fact]
    public async Task Fills_of_requests_that_differ_when_the_API_begins_to_vary()
    {
        Party[][] systems = [[SpeakingFill, ThroughAnother(Fill), Deployment], [SpeakingFill, Fill, ThroughAnother(SpeakingFill), Deployment]];
        var total = 0L;
        foreach (var system in systems)
        {
            total += await _replicas.PlayInMemoryAsync("variants", system);
        }

        total += await _replicas.PlayInRedisAsync("variants", systems);
        Conclude("memory and Redis, an API that begins to vary", total, 500);
    }

    [Fact]
    public async Task Copies_in_a_replica_and_evictions_without_a_fence()
    {
        var total = await _replicas.PlayInMemoryAsync("copies", [SlowRead, SlowRead, Fill, Eviction]);
        Conclude("memory, copies and evictions without a fence", total, 1_000);
    }

    private void Conclude(string name, long total, int least)
    {
        Exploration.Report(output, $"{name}: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, least, long.MaxValue);
    }
}
