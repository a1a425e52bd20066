using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Every interleaving of fills of an entry with a tag, writes that evict the tag, and readers: with crashes, lost replies, deadlines, and
/// restarts of the tag's node. No look-up that begins after such a write was acknowledged finds what it replaced, and no request that came
/// after it shares what another fetched before.
/// </summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class TagInterleavingsTests(ITestOutputHelper output)
{
    private const int RedisExplorers = 16;

    private static readonly Party Fill = Party.Whole(PartyKind.Fill);
    private static readonly Party ForetoldFill = Party.Whole(PartyKind.ForetoldFill);
    private static readonly Party BlindFill = Party.Whole(PartyKind.QuickFill);
    private static readonly Party Write = Party.Whole(PartyKind.Write);
    private static readonly Party CrashedWrite = new(PartyKind.Write, 2);
    private static readonly Party UnansweredWrite = Party.Whole(PartyKind.UnansweredWrite);
    private static readonly Party RefusedWrite = Party.Whole(PartyKind.RefusedWrite);
    private static readonly Party Eviction = Party.Whole(PartyKind.Eviction);
    private static readonly Party SlowRead = Party.Whole(PartyKind.SlowRead);
    private static readonly Party Clock = Party.Whole(PartyKind.Clock);
    private static readonly Party Deletion = Party.Whole(PartyKind.Deletion);
    private static readonly Party Snapshot = Party.Whole(PartyKind.Snapshot);
    private static readonly Party Restart = Party.Whole(PartyKind.Restart);
    private static readonly Party EmptyRestart = Party.Whole(PartyKind.EmptyRestart);

    private static readonly Party[][] Systems =
    [
        [Fill, BlindFill, Write],
        [Fill, Write, SlowRead],
        [BlindFill, Eviction, SlowRead],
        [Fill, Write, Write],
        [BlindFill, BlindFill, Write],
        [ForetoldFill, BlindFill, CrashedWrite, Clock],
        [ForetoldFill, Write, UnansweredWrite],
        [ForetoldFill, UnansweredWrite, Clock],
        [ForetoldFill, RefusedWrite, Eviction],
        [Fill, Write, Deletion],
        [BlindFill, CrashedWrite, Deletion, Clock],
    ];

    [Fact]
    public async Task Fills_and_evictions_of_a_tag_in_memory()
    {
        var total = 0L;
        foreach (var system in Systems)
        {
            total += await ExploreMemoryAsync(system, TagDamage.None);
        }

        Exploration.Report(output, $"memory, fills and evictions of a tag: {total:N0} interleavings, 0 stale");
        Assert.InRange(total, 15_000, long.MaxValue);
    }

    [Fact]
    public async Task Fills_and_evictions_of_a_tag_in_Redis_whose_node_restarts()
    {
        var total = 0L;
        await using var server = await RedisServer.StartAsync();
        foreach (var system in (Party[][])
            [
                [ForetoldFill, Write, Snapshot, Restart],
                [BlindFill, Eviction, Restart],
                [ForetoldFill, Write, EmptyRestart],
                [BlindFill, Write, EmptyRestart],
                [Fill, CrashedWrite, Clock],
            ])
        {
            total += await ExploreRedisAsync(server, system);
        }

        Exploration.Report(output, $"Redis, fills and evictions of a tag: {total:N0} interleavings, 0 stale");
        Assert.InRange(total, 1_500, long.MaxValue);
    }

    [Theory]
    [InlineData("NoComparison")]
    [InlineData("NoAgeRule")]
    [InlineData("NoSecondLook")]
    [InlineData("NoFence")]
    [InlineData("NoEviction")]
    public async Task A_damaged_protocol_is_caught(string damage)
    {
        var caught = "";
        foreach (var system in Systems)
        {
            try
            {
                await ExploreMemoryAsync(system, Enum.Parse<TagDamage>(damage));
            }
            catch (InterleavingException exception)
            {
                caught = exception.Message;
                break;
            }
        }

        Exploration.Report(output, $"caught, {damage}: {caught}");
        Assert.NotEqual("", caught);
    }

    private Task<long> ExploreMemoryAsync(Party[] system, TagDamage damage) => Exploration.PlayAsync(
        output,
        "memory, tags",
        system,
        Enumerable.Range(0, Environment.ProcessorCount).Select(_ =>
        {
            var explored = new ExploredTagInMemory();
            return new TagRun(explored, explored, ExploredTagInMemory.Tag, system, damage);
        }));

    private async Task<long> ExploreRedisAsync(RedisServer server, Party[] system)
    {
        await using var store = await RedisStores.OpenAsync(
            server, timeout: TimeSpan.FromSeconds(20), scripts: new RedisScripts(ExploredRedisStore.Clock), time: new FakeTimeProvider());
        var connection = await RedisClient.ConnectAsync(
            RedisClient.Options(server.ConnectionString), static _ => { }, static () => { }, TestContext.Current.CancellationToken);
        try
        {
            var database = connection.GetDatabase();
            await server.SendAsync("FLUSHALL");
            var primary = new ExploredPrimary(database, connection.GetServer(connection.GetEndPoints()[0]));
            primary.PutInto(store);
            return await Exploration.PlayAsync(
                output,
                "Redis, tags",
                system,
                Enumerable.Range(0, RedisExplorers).Select(number =>
                {
                    var tag = new ExploredRedisStore(store, database, RedisExplorers + number, primary);
                    return new TagRun(new ExploredRedisStore(store, database, number, primary), tag, tag.Key, system);
                }));
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }
}
