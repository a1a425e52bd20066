using System.Globalization;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Tags: hashes as those of resources, whose <c>meta</c> has no response behind its stamp.</summary>
internal sealed partial class RedisStore
{
    private const int DeadlineLength = StoredResponseFormat.StampLength - StoredResponseFormat.TokenLength;
    private const string FencedWord = "fenced";
    private const int TagMetaItem = 1;

    private static readonly RedisValue[] TagFields = ["fence", "meta"];

    public async ValueTask<TagState> LookUpTagAsync(ResourceKey tag, StoreTimeoutBudget budget)
    {
        if (budget.Remaining <= TimeSpan.Zero || !_connection.TryGetPrimary(out var primary))
        {
            return TagState.Unavailable;
        }

        var started = _time.GetTimestamp();
        var answered = false;
        try
        {
            using var reply = await AskAsync(Way(primary.Wire, primary.Database), tag.Value, budget.Remaining);
            reply.ThrowIfError();
            _connection.Breaker.Succeeded();
            answered = true;
            return ReadTag(reply, TagMetaItem, primary.ReplicationIdOf(tag.Value));
        }
        catch (Exception exception)
        {
            // Whatever the connection throws: the step was not carried out in time.
            Failed(exception, tag);
            return TagState.Unavailable;
        }
        finally
        {
            Spend(StoreStep.LookUpTag, _time.GetElapsedTime(started), budget, answered);
        }
    }

    public async ValueTask<TagState> OpenTagAsync(ResourceKey tag, TimeSpan keep, StoreTimeoutBudget budget)
    {
        // Nothing is trusted of a Redis that is not known to be the one of before: a generation of its own would look like one.
        if (ReplicationIdOf(tag) is not { } replicationId)
        {
            return TagState.Unavailable;
        }

        RedisValue[] arguments = [NewFillToken(tag), replicationId, Milliseconds(keep)];
        var reply = await RunAsync(StoreStep.OpenTag, _scripts.OpenTag, tag, arguments, budget);
        if (reply == FencedWord)
        {
            return TagState.Fenced;
        }

        return reply.Length > StoredResponseFormat.TokenLength
            && long.TryParse(reply.AsSpan(StoredResponseFormat.TokenLength), NumberStyles.None, CultureInfo.InvariantCulture, out var ageMs)
            && ReplicationIdOf(tag) == replicationId
            ? TagState.InForce(reply[..StoredResponseFormat.TokenLength], TimeSpan.FromMilliseconds(ageMs))
            : TagState.Unavailable;
    }

    private static ValueTask<WireCall> AskAsync(RedisWay way, string key, TimeSpan timeout) =>
        way.Wire is not null
            ? way.Wire.SendAsync(new TagCommand(key), timeout)
            : AskAsync(way.Database.HashGetAsync(key, TagFields, CommandFlags.DemandMaster), way.Deadlines, timeout);

    private static async ValueTask<WireCall> AskAsync(Task<RedisValue[]> asked, RedisDeadlines deadlines, TimeSpan timeout) =>
        WireCall.Of(await deadlines.WaitAsync(asked, timeout), isList: true);

    private TagState ReadTag(WireCall reply, int metaItem, string? replicationId, bool isHeld = false)
    {
        var now = NowMs;
        if (!isHeld && reply.Has(RedisFields.FenceItem))
        {
            // One that has fallen is left to the next fill.
            return StoredResponseFormat.ReadFence(reply[RedisFields.FenceItem]) > now ? TagState.Fenced : TagState.Absent;
        }

        var meta = reply[metaItem];
        return replicationId is not null
            && StoredResponseFormat.TryReadStamp(meta, out var stamp)
            && stamp.TokenStartsWith(replicationId)
            && stamp.DeadlineMs > now
            ? TagState.InForce(StoredResponseReader.Text(meta.Slice(DeadlineLength, StoredResponseFormat.TokenLength)), default)
            : TagState.Absent;
    }

    /// <summary>What a look-up of a tag asks for.</summary>
    private readonly record struct TagCommand(string Key) : IRedisCommand
    {
        public void WriteTo(RespWriter writer)
        {
            writer.Begin(4);
            writer.Raw("$5\r\nHMGET\r\n"u8);
            writer.Text(Key);
            writer.Raw("$5\r\nfence\r\n$4\r\nmeta\r\n"u8);
        }
    }
}
