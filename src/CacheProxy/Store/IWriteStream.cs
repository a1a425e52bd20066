namespace CacheProxy.Store;

/// <summary>
/// A stream in the store in which others tell of writes, read by all replicas as one consumer group. An entry is given to one of them, which
/// acknowledges it when it is done; what one has left behind another claims. No method throws for a store that is absent or slow.
/// </summary>
internal interface IWriteStream
{
    /// <summary>Takes entries that nobody has been given. Makes the group where there is none, so that it begins with the first entry.</summary>
    ValueTask<StreamRead> ReadAsync(int most);

    /// <summary>Takes over entries that were given to a replica so long ago, be it this one.</summary>
    ValueTask<StreamRead> ClaimAsync(TimeSpan idle, int most);

    /// <summary>How often an entry has been given to somebody; <c>null</c> where the store does not say.</summary>
    ValueTask<int?> TriesAsync(string id);

    /// <summary>These are done with. What the store does not hear of is given to somebody once more.</summary>
    ValueTask AcknowledgeAsync(IReadOnlyList<string> ids, bool deletes);

    /// <summary>Puts an entry that nobody understands into another stream, and is done with it. False when the store did not take it.</summary>
    ValueTask<bool> SetAsideAsync(StreamItem item, string deadLetters, string reason, bool deletes);

    /// <summary>
    /// When the oldest entry was written that the group has not done, in Unix milliseconds by the clock that made its id; 0 for none, <c>null</c>
    /// where the store does not say.
    /// </summary>
    ValueTask<long?> OldestAsync();

    /// <summary>This replica reads no more. The group forgets it, unless it has left entries behind.</summary>
    ValueTask LeaveAsync();
}

/// <summary>What was read of a stream.</summary>
/// <param name="Items">The entries.</param>
/// <param name="Failure">Why there are none; <c>null</c> when there are none to be had.</param>
/// <param name="MadeGroup">Whether there was no group.</param>
internal readonly record struct StreamRead(IReadOnlyList<StreamItem> Items, string? Failure = null, bool MadeGroup = false);

/// <summary>An entry of a stream.</summary>
/// <param name="Id">Its id: milliseconds, a hyphen, a number.</param>
/// <param name="Fields">Its fields in their order.</param>
internal sealed record StreamItem(string Id, IReadOnlyList<KeyValuePair<string, byte[]>> Fields);
