using System.Globalization;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>A sorted set for each policy, and a key for whoever warms it. Each script touches one key.</summary>
internal sealed class RedisHotList(RedisConnection connection, TimeProvider time, ILogger logger) : IHotList
{
    private const int InOneScript = 200;

    private static readonly TimeSpan HalfLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan Expiry = TimeSpan.FromDays(7);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly string Share = RedisScripts.Read("clock.lua") + "\n" + RedisScripts.Read("share-hot.lua");
    private static readonly string Lead = RedisScripts.Read("lead.lua");

    private readonly OncePerMinute _failed = new(time);

    public bool IsShared => true;

    public string? StoreId(HotKeys keys) =>
        connection.TryGetPrimary(out var primary) ? primary.ReplicationIdOf(keys.List) : null;

    public async ValueTask<ShareOutcome> ShareAsync(HotKeys keys, IReadOnlyList<HotCount> counts, int most)
    {
        var outcome = ShareOutcome.Added;
        // Also without counts: an expiry that is not moved on would empty the list of a policy that is asked seldom.
        for (var first = 0; first == 0 || first < counts.Count; first += InOneScript)
        {
            List<RedisValue> arguments = [(long)HalfLife.TotalMilliseconds, most, (long)Expiry.TotalMilliseconds];
            foreach (var (request, count) in counts.Skip(first).Take(InOneScript))
            {
                arguments.Add(count.ToString("R", CultureInfo.InvariantCulture));
                arguments.Add(request);
            }

            if (await RunAsync(database => database.ScriptEvaluateAsync(Share, [keys.List], [.. arguments])) is not { } reply)
            {
                return ShareOutcome.Unavailable;
            }

            outcome = first == 0 && (int)reply == 0 ? ShareOutcome.Begun : outcome;
        }

        return outcome;
    }

    public async ValueTask<IReadOnlyList<HotCount>> ReadAsync(HotKeys keys, int most)
    {
        // The first is the time.
        var entries = await RunAsync(database => database.SortedSetRangeByRankWithScoresAsync(
            keys.List, 1, most, Order.Descending, CommandFlags.DemandMaster));
        return entries is null ? [] : [.. entries.Select(static entry => new HotCount(entry.Element.ToString(), entry.Score))];
    }

    public async ValueTask<bool> TryLeadAsync(HotKeys keys, string replica, TimeSpan duration) =>
        await RunAsync(database => database.ScriptEvaluateAsync(
            Lead, [keys.Lease], [replica, (long)duration.TotalMilliseconds])) is { } reply && (int)reply == 1;

    public async ValueTask ResignAsync(HotKeys keys, string replica) =>
        await RunAsync(database => database.ScriptEvaluateAsync(Lead, [keys.Lease], [replica, 0]));

    private async Task<T?> RunAsync<T>(Func<IDatabase, Task<T>> ask)
        where T : class
    {
        if (!connection.TryGetPrimary(out var primary))
        {
            return null;
        }

        try
        {
            return await ask(primary.Database).WaitAsync(Timeout, time);
        }
        catch (Exception exception)
        {
            // Nothing is warmed, or by what this replica has learned itself.
            if (_failed.IsDue())
            {
                logger.RedisHotListFailed(RedisFailures.Classify(exception));
            }

            return null;
        }
    }
}

/// <summary>What replicas share besides resources.</summary>
internal sealed partial class RedisStore
{
    public IHotList HotList => field ??= new RedisHotList(_connection, _time, _logger);
}
