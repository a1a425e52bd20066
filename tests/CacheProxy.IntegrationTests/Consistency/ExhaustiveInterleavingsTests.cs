using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Store;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Every interleaving of the protocol's steps in small systems, with a crash of one party after each of its steps and with deadlines
/// passing: no look-up that begins after a write was acknowledged finds what it replaced, a crashed writer's entry is never found after
/// its deadline, and nothing is left over.
/// </summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class ExhaustiveInterleavingsTests(ITestOutputHelper output)
{
    private const int RedisExplorers = 48;

    private static readonly Party Fill = Party.Whole(PartyKind.Fill);
    private static readonly Party QuickFill = Party.Whole(PartyKind.QuickFill);
    private static readonly Party ForetoldFill = Party.Whole(PartyKind.ForetoldFill);
    private static readonly Party Write = Party.Whole(PartyKind.Write);
    private static readonly Party RenewedWrite = Party.Whole(PartyKind.RenewedWrite);
    private static readonly Party Deletion = Party.Whole(PartyKind.Deletion);
    private static readonly Party Clock = Party.Whole(PartyKind.Clock);
    private static readonly Party SoftPurge = Party.Whole(PartyKind.SoftPurge);

    [Fact]
    public async Task Two_fills_and_two_writes_in_memory()
    {
        var total = await ExploreMemoryAsync("two fills, two writes", [Fill, Fill, Write, Write]);
        foreach (var system in WithCrashes([QuickFill, QuickFill, Write, Write, Clock]))
        {
            total += await ExploreMemoryAsync("two fills, two writes, deadlines", system);
        }

        Report($"memory, two fills and two writes: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 1_000_000, long.MaxValue);
    }

    [Fact]
    public async Task A_fill_a_write_and_a_deletion_in_memory()
    {
        var total = 0L;
        foreach (var system in WithCrashes([Fill, Write, Deletion, Clock]).Concat(WithCrashes([Fill, Write, Deletion, Clock, Clock])))
        {
            total += await ExploreMemoryAsync("fill, write, deletion, deadlines", system);
        }

        Report($"memory, a fill, a write and a deletion: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 10_000, long.MaxValue);
    }

    [Fact]
    public async Task Writes_that_are_refused_or_never_answered_in_memory()
    {
        var total = 0L;
        foreach (var system in OtherEnds([QuickFill, QuickFill, Clock]).Concat(OtherEnds([QuickFill, Write, Clock])))
        {
            total += await ExploreMemoryAsync("refused and unanswered writes", system);
        }

        Report($"memory, refused and unanswered writes: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 10_000, long.MaxValue);
    }

    [Fact]
    public async Task Writes_that_renew_their_fence_in_memory()
    {
        var total = 0L;
        foreach (var system in WithCrashes([QuickFill, QuickFill, RenewedWrite, Clock]).Concat(WithCrashes([QuickFill, RenewedWrite, Clock, Clock])))
        {
            total += await ExploreMemoryAsync("renewed writes", system);
        }

        Report($"memory, renewed writes: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 10_000, long.MaxValue);
    }

    [Fact]
    public async Task Writes_that_renew_their_fence_in_Redis()
    {
        var total = 0L;
        await using var server = await RedisServer.StartAsync();
        foreach (var system in WithCrashes([QuickFill, RenewedWrite, Clock]))
        {
            total += await ExploreRedisAsync(server, "renewed writes", system, DamagedStores.Sound);
        }

        Report($"Redis, renewed writes: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 500, long.MaxValue);
    }

    [Fact]
    public async Task Writes_that_are_refused_or_never_answered_in_Redis()
    {
        var total = 0L;
        await using var server = await RedisServer.StartAsync();
        foreach (var system in OtherEnds([QuickFill, Clock]).Concat(OtherEnds([QuickFill, Write]).Take(2)))
        {
            total += await ExploreRedisAsync(server, "refused and unanswered writes", system, DamagedStores.Sound);
        }

        Report($"Redis, refused and unanswered writes: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 1_000, long.MaxValue);
    }

    [Fact]
    public async Task Two_fills_and_two_writes_in_Redis()
    {
        var total = 0L;
        await using var server = await RedisServer.StartAsync();
        foreach (var system in WithCrashes([QuickFill, QuickFill, Write, Write]).Concat(WithCrashes([QuickFill, Write, Write, Clock])))
        {
            total += await ExploreRedisAsync(server, "two fills, two writes", system, DamagedStores.Sound);
        }

        Report($"Redis, two fills and two writes: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 90_000, long.MaxValue);
    }

    [Fact]
    public async Task A_fill_a_write_and_a_deletion_in_Redis()
    {
        var total = 0L;
        await using var server = await RedisServer.StartAsync();
        foreach (var system in WithCrashes([Fill, Write, Deletion, Clock]))
        {
            total += await ExploreRedisAsync(server, "fill, write, deletion, deadlines", system, DamagedStores.Sound);
        }

        Report($"Redis, a fill, a write and a deletion: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, 10_000, long.MaxValue);
    }

    [Fact]
    public async Task Fills_whose_look_up_takes_the_lease()
    {
        var (inMemory, inRedis) = (0L, 0L);
        await using var server = await RedisServer.StartAsync();
        foreach (var system in WithCrashes([ForetoldFill, QuickFill, Write, Clock]).Concat(WithCrashes([ForetoldFill, Write, Deletion, Clock])))
        {
            inMemory += await ExploreMemoryAsync("look-ups that take the lease", system);
        }

        foreach (var system in WithCrashes([ForetoldFill, ForetoldFill, Write]).Concat(WithCrashes([ForetoldFill, Write, Clock])))
        {
            inRedis += await ExploreRedisAsync(server, "look-ups that take the lease", system, DamagedStores.Sound);
        }

        Report($"memory and Redis, look-ups that take the lease: {inMemory:N0} and {inRedis:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(inMemory, 10_000, long.MaxValue);
        Assert.InRange(inRedis, 1_000, long.MaxValue);
    }

    [Fact]
    public async Task Soft_purges_beside_fills_and_writes()
    {
        var (inMemory, inRedis) = (0L, 0L);
        await using var server = await RedisServer.StartAsync();
        var large = Exploration.IsFull ? WithCrashes([Fill, QuickFill, SoftPurge, Write]).Concat(OtherEnds([QuickFill, SoftPurge, Clock])) : [];
        foreach (var system in WithCrashes([Fill, SoftPurge, Write, Clock]).Concat(OtherEnds([QuickFill, SoftPurge]).Take(2)).Concat(large))
        {
            inMemory += await ExploreMemoryAsync("soft purges", system);
        }

        foreach (var system in WithCrashes([ForetoldFill, QuickFill, SoftPurge]).Concat(WithCrashes([QuickFill, SoftPurge, Write])))
        {
            inRedis += await ExploreRedisAsync(server, "soft purges", system, DamagedStores.Sound);
        }

        Report($"memory and Redis, soft purges: {inMemory:N0} and {inRedis:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(inMemory, 10_000, long.MaxValue);
        Assert.InRange(inRedis, 1_000, long.MaxValue);
        await Assert.ThrowsAsync<InterleavingException>(() => ExploreMemoryAsync("damaged", [QuickFill, SoftPurge], DamagedStores.WithoutLeaseCheck));
    }

    [Theory]
    [InlineData(nameof(DamagedStores.WithoutLeaseCheck))]
    [InlineData(nameof(DamagedStores.WithoutFence))]
    [InlineData(nameof(DamagedStores.WithoutEviction))]
    public async Task A_damaged_store_is_caught(string damage)
    {
        Func<ICacheStore, ICacheStore> broken = damage switch
        {
            nameof(DamagedStores.WithoutLeaseCheck) => DamagedStores.WithoutLeaseCheck,
            nameof(DamagedStores.WithoutFence) => DamagedStores.WithoutFence,
            _ => DamagedStores.WithoutEviction,
        };
        await using var server = await RedisServer.StartAsync();
        foreach (var fill in (Party[])[Fill, ForetoldFill])
        {
            Report($"caught in memory, {damage}: {await FindAsync(fill, system => ExploreMemoryAsync(damage, system, broken))}");
            Report($"caught in Redis, {damage}: {await FindAsync(fill, system => ExploreRedisAsync(server, damage, system, broken))}");
        }
    }

    private static async Task<string> FindAsync(Party fill, Func<Party[], Task<long>> explore)
    {
        foreach (var system in WithCrashes([fill, Write, Clock]))
        {
            try
            {
                await explore(system);
            }
            catch (InterleavingException exception)
            {
                return exception.Message;
            }
        }

        throw new InvalidOperationException("Nothing was found wrong with a damaged store.");
    }

    /// <summary>
    /// The system as it is, and with each of its different parties crashing after each of its steps. A fill that crashes after the API
    /// has answered it is to everybody else the one that crashed before.
    /// </summary>
    private static IEnumerable<Party[]> WithCrashes(Party[] system)
    {
        yield return system;
        for (var i = 0; i < system.Length; i++)
        {
            for (var steps = 1; steps < system[i].Steps && (i == 0 || system[i] != system[i - 1]); steps++)
            {
                if ((system[i].Kind, steps) is not ((PartyKind.Fill, 3) or (PartyKind.QuickFill or PartyKind.ForetoldFill, 2)))
                {
                    Party[] crashing = [.. system];
                    crashing[i] = system[i] with { Steps = steps };
                    yield return crashing;
                }
            }
        }
    }

    private static IEnumerable<Party[]> OtherEnds(Party[] system)
    {
        var refused = Party.Whole(PartyKind.RefusedWrite);
        var unanswered = Party.Whole(PartyKind.UnansweredWrite);
        foreach (Party[] writes in new Party[][] { [refused], [unanswered], [refused, unanswered], [refused, new(PartyKind.Write, 2)] })
        {
            yield return [.. system, .. writes];
        }
    }

    private Task<long> ExploreMemoryAsync(string name, Party[] system, Func<ICacheStore, ICacheStore>? damage = null) => ExploreAsync(
        "memory, " + name,
        system,
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new ExploredMemoryStore(damage ?? DamagedStores.Sound))]);

    private async Task<long> ExploreRedisAsync(RedisServer server, string name, Party[] system, Func<ICacheStore, ICacheStore> damage)
    {
        await using var store = damage(await RedisStores.OpenAsync(
            server, timeout: TimeSpan.FromSeconds(20), scripts: new RedisScripts(ExploredRedisStore.Clock)));
        var connection = await RedisClient.ConnectAsync(
            RedisClient.Options(server.ConnectionString), static _ => { }, static () => { }, TestContext.Current.CancellationToken);
        try
        {
            var database = connection.GetDatabase();
            await server.SendAsync("FLUSHALL");
            return await ExploreAsync(
                "Redis, " + name,
                system,
                [.. Enumerable.Range(0, RedisExplorers).Select(number => new ExploredRedisStore(store, database, number))]);
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    private Task<long> ExploreAsync(string name, Party[] system, IEnumerable<IExploredStore> explorers) =>
        Exploration.PlayAsync(output, name, system, explorers.Select(explored => new InterleavingRun(explored, system)));

    private void Report(FormattableString line) => Exploration.Report(output, line);
}
