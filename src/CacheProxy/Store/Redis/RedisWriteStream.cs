using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>A stream of Redis. Needs Redis 6.2. Its key is as it is given: others write it.</summary>
internal sealed class RedisWriteStream(RedisConnection connection, TimeProvider time, string key, string group, string consumer) : IWriteStream
{
    private const string NoGroup = "NOGROUP";
    private const int MostDeadLetters = 100_000;
    private const string FromBeginning = "0-0";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async ValueTask<StreamRead> ReadAsync(int most)
    {
        try
        {
            return Read(await RunAsync(database => database.StreamReadGroupAsync(key, group, consumer, StreamPosition.NewMessages, most)));
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith(NoGroup, StringComparison.Ordinal))
        {
            // It is the first time, or the stream was deleted, or Redis was emptied. What is there was not read, as far as anybody knows.
            return await MakeGroupAsync();
        }
        catch (Exception exception)
        {
            // Nothing is read. What was given to this replica nevertheless is claimed later.
            return Failed(exception);
        }
    }

    public async ValueTask<StreamRead> ClaimAsync(TimeSpan idle, int most)
    {
        try
        {
            var claimed = await RunAsync(database => database.StreamAutoClaimAsync(key, group, consumer, (long)idle.TotalMilliseconds, FromBeginning, most));
            return Read(claimed.ClaimedEntries);
        }
        catch (Exception exception)
        {
            // Nothing is claimed; whoever comes next tries again.
            return Failed(exception);
        }
    }

    public async ValueTask<int?> TriesAsync(string id)
    {
        try
        {
            var pending = await RunAsync(database => database.StreamPendingMessagesAsync(key, group, 1, RedisValue.Null, id, id));
            return pending.Length == 0 ? null : pending[0].DeliveryCount;
        }
        catch (Exception)
        {
            // It is tried once more.
            return null;
        }
    }

    public async ValueTask AcknowledgeAsync(IReadOnlyList<string> ids, bool deletes)
    {
        RedisValue[] values = [.. ids.Select(static id => (RedisValue)id)];
        try
        {
            await RunAsync(database => database.StreamAcknowledgeAsync(key, group, values));
            if (deletes)
            {
                await RunAsync(database => database.StreamDeleteAsync(key, values));
            }
        }
        catch (Exception)
        {
            // They are evicted once more by whoever claims them.
        }
    }

    public async ValueTask<bool> SetAsideAsync(StreamItem item, string deadLetters, string reason, bool deletes)
    {
        NameValueEntry[] fields =
        [
            .. item.Fields.Select(static field => new NameValueEntry(field.Key, field.Value)),
            new NameValueEntry("cacheproxy:id", item.Id),
            new NameValueEntry("cacheproxy:reason", reason),
        ];
        try
        {
            await RunAsync(database => database.StreamAddAsync(deadLetters, fields, messageId: null, maxLength: MostDeadLetters, useApproximateMaxLength: true));
        }
        catch (Exception)
        {
            // It stays where it is, and is tried once more.
            return false;
        }

        await AcknowledgeAsync([item.Id], deletes);
        return true;
    }

    public async ValueTask<long?> OldestAsync()
    {
        try
        {
            var pending = await RunAsync(database => database.StreamPendingAsync(key, group));
            var groups = await RunAsync(database => database.StreamGroupInfoAsync(key));
            var last = groups.FirstOrDefault(one => one.Name == group).LastDeliveredId ?? FromBeginning;
            var unread = await RunAsync(database => database.StreamRangeAsync(key, "(" + last, "+", 1));
            return Oldest(
                pending.PendingMessageCount > 0 ? pending.LowestPendingMessageId.ToString() : null, unread.Length > 0 ? unread[0].Id.ToString() : null);
        }
        catch (Exception)
        {
            // Not known now.
            return null;
        }
    }

    public async ValueTask LeaveAsync()
    {
        try
        {
            // Nobody else has this name, so that nothing comes between. With it the group would forget its entries.
            var pending = await RunAsync(database => database.StreamPendingMessagesAsync(key, group, 1, consumer));
            if (pending.Length == 0)
            {
                await RunAsync(database => database.StreamDeleteConsumerAsync(key, group, consumer));
            }
        }
        catch (Exception)
        {
            // A name remains in the group, of some hundred bytes.
        }
    }

    /// <summary>The earlier of two ids, as the time that it begins with; 0 for none.</summary>
    internal static long Oldest(string? pending, string? unread)
    {
        var (one, other) = (TimeOf(pending), TimeOf(unread));
        return one is 0 ? other : other is 0 ? one : Math.Min(one, other);
    }

    private static long TimeOf(string? id) => long.TryParse(
        id?.Split('-')[0], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var milliseconds) ? milliseconds : 0;

    private async ValueTask<StreamRead> MakeGroupAsync()
    {
        try
        {
            await RunAsync(database => database.StreamCreateConsumerGroupAsync(key, group, FromBeginning, createStream: true));
            return new StreamRead([], MadeGroup: true);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // Another replica was quicker.
            return new StreamRead([]);
        }
        catch (Exception exception)
        {
            // The next reading finds out.
            return Failed(exception);
        }
    }

    private static StreamRead Read(StreamEntry[] entries)
    {
        var items = new List<StreamItem>(entries.Length);
        foreach (var entry in entries)
        {
            // One that was deleted before it was acknowledged.
            if (!entry.IsNull)
            {
                items.Add(new StreamItem(
                    entry.Id.ToString(), [.. entry.Values.Select(static field => KeyValuePair.Create(field.Name.ToString(), (byte[]?)field.Value ?? []))]));
            }
        }

        return new StreamRead(items);
    }

    private static StreamRead Failed(Exception exception) => new([], RedisFailures.Classify(exception).ToString());

    private async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> ask) => connection.TryGetPrimary(out var primary)
        ? await ask(primary.Database).WaitAsync(Timeout, time)
        : throw new Topologies.NoSinglePrimaryException(0);
}

/// <summary>Streams that others write.</summary>
internal sealed partial class RedisStore
{
    public IWriteStream OpenStream(string key, string group, string consumer) => new RedisWriteStream(_connection, _time, key, group, consumer);
}
