using System.Globalization;
using System.Runtime.CompilerServices;
using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The steps that fence or evict. Each tells the holders of copies, and returns them.</summary>
internal sealed partial class RedisStore
{
    private WriterWords? _writer;

    public ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
        WriteAsync(StoreStep.BeginWrite, _scripts.BeginWrite, key, RedisFields.Write(token), Milliseconds(deadline), number, budget);

    public ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
    {
        var word = result switch
        {
            WriteResult.Changed => "changed",
            WriteResult.Unchanged => "unchanged",
            WriteResult.Unknown => "unknown",
        };
        return WriteAsync(StoreStep.EndWrite, _scripts.EndWrite, key, RedisFields.Write(token), word, number, budget);
    }

    /// <summary>Soft purges.</summary>
    public ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0) =>
        WriteAsync(StoreStep.MarkStale, _scripts.MarkStale, key, "", "", number, budget);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<WriteStep> WriteAsync(
        StoreStep step, RedisScript script, ResourceKey key, RedisValue first, RedisValue second, long number, StoreTimeoutBudget budget)
    {
        if (!_connection.TryGetPrimary(out var primary))
        {
            return WriteStep.Unavailable;
        }

        var replicationId = primary.ReplicationIdOf(key.Value);
        var written = ReadWrite(await RunAsync(step, script, primary, key, [first, second, number, WordsFor(replicationId ?? "")], budget));
        if (written.Holders is not null)
        {
            // What they acknowledge is to be heard, even if nothing is held here.
            _channel.Start();
        }

        return written with { Grace = _connection.Uses.GraceOf(replicationId) };
    }

    /// <summary>What holders.lua replies with.</summary>
    internal static WriteStep ReadWrite(string reply)
    {
        // A key that is not a hash belongs to another program. Nothing is served from it, so there is nothing to evict either.
        if (reply is Done or ForeignKey)
        {
            return WriteStep.Done;
        }

        var lines = reply.Split('\n');
        if (lines[0] != Done)
        {
            return WriteStep.Unavailable;
        }

        var holders = new Holder[lines.Length - 1];
        for (var i = 0; i < holders.Length; i++)
        {
            var words = lines[i + 1].Split(' ');
            holders[i] = new Holder(
                words[0], long.Parse(words[1], CultureInfo.InvariantCulture), TimeSpan.FromMilliseconds(long.Parse(words[2], CultureInfo.InvariantCulture)));
        }

        return new WriteStep(StoreOutcome.Done, holders);
    }

    /// <summary>Made once: every write sends it.</summary>
    private RedisValue WordsFor(string replicationId)
    {
        var known = _writer;
        if (known?.ReplicationId != replicationId)
        {
            _writer = known = new WriterWords(replicationId, $"{_channel.Replica} {replicationId} {_channel.Channels}");
        }

        return known.Words;
    }

    private sealed record WriterWords(string ReplicationId, RedisValue Words);
}
