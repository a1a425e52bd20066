using CacheProxy.Identity;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Leases on copies: a look-up that takes one, and giving it back.</summary>
internal sealed partial class RedisStore
{
    private static ReadOnlySpan<byte> HeldWord => "held"u8;

    private readonly RedisReplicaChannel _channel;

    public IReplicaChannel? Channel => _channel;

    public async ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget)
    {
        if (!TryGetKnown(key, out var primary, out var replicationId))
        {
            return await LookUpAsync(key, variant, budget);
        }

        using var reply = await HoldAsync(Way(primary.BodyWire, primary.Bodies), key, variant, hold, replicationId, budget);
        if (reply is null)
        {
            return LookUpResult.Unavailable;
        }

        var isHeld = IsHeld(reply);
        var found = _entries.Read(reply, key, variant, withBody: true, primary.ReplicationIdOf(key.Value), isHeld);
        return isHeld && found.Outcome == LookUpOutcome.Found ? found with { IsHeld = true } : found;
    }

    public async ValueTask<TagState> HoldTagAsync(ResourceKey tag, HoldRequest hold, StoreTimeoutBudget budget)
    {
        if (!TryGetKnown(tag, out var primary, out var replicationId))
        {
            return await LookUpTagAsync(tag, budget);
        }

        using var reply = await HoldAsync(Way(primary.Wire, primary.Database), tag, VariantKey.Plain, hold, replicationId, budget);
        if (reply is null)
        {
            return TagState.Unavailable;
        }

        var isHeld = IsHeld(reply);
        var found = ReadTag(reply, RedisFields.MetaItem, primary.ReplicationIdOf(tag.Value), isHeld);
        return isHeld && found.Outcome == TagOutcome.InForce ? found with { IsHeld = true } : found;
    }

    public async ValueTask ReleaseAsync(ResourceKey key, long number, StoreTimeoutBudget budget) =>
        await RunAsync(StoreStep.Release, _scripts.Release, key, [RedisFields.Held(_channel.Replica), number], budget);

    private static bool IsHeld(WireCall reply) => reply.Has(RedisFields.FenceItem) && reply[RedisFields.FenceItem].SequenceEqual(HeldWord);

    /// <summary>Nothing is held of a Redis that is not known to be the one of before, nor of one that never tells.</summary>
    private bool TryGetKnown(ResourceKey key, out RedisPrimary primary, out string replicationId)
    {
        replicationId = _connection.TryGetPrimary(out primary!) ? primary.ReplicationIdOf(key.Value) ?? "" : "";
        return replicationId is not ("" or RedisPrimary.NoReplicationId);
    }

    /// <summary>The script's reply, which is a list; <c>null</c> if there is none.</summary>
    private async ValueTask<WireCall?> HoldAsync(
        RedisWay way, ResourceKey key, VariantKey variant, HoldRequest hold, string replicationId, StoreTimeoutBudget budget)
    {
        if (budget.Remaining <= TimeSpan.Zero)
        {
            return null;
        }

        var fields = RedisFields.LookUp(variant, withBody: true);
        RedisValue[] arguments =
        [
            .. fields[RedisFields.MetaItem..], RedisFields.Held(_channel.Replica), Milliseconds(hold.Length), hold.Number, replicationId,
        ];
        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            var reply = await _scripts.RunAsync(_scripts.Hold, way, key.Value, arguments, budget.Remaining);
            _connection.Breaker.Succeeded();
            answered = true;
            return reply;
        }
        catch (Exception exception)
        {
            // Whatever the connection throws: the step was not carried out in time.
            Failed(exception, key, _scripts.Hold);
            return null;
        }
        finally
        {
            Spend(StoreStep.Hold, _time.GetElapsedTime(started), budget, answered);
        }
    }
}
