namespace CacheProxy.Store.Memory;

/// <summary>A stored variant.</summary>
/// <param name="Response">Held as it came: nothing is copied on the way in or out.</param>
/// <param name="Stamp">Identifies this entry.</param>
/// <param name="DeadlineMs">Until when it is kept.</param>
internal sealed record MemoryEntry(StoredResponse Response, string Stamp, long DeadlineMs)
{
    // Rough, for the limit: objects and references that belong to an entry, and to each of its field lines.
    private const int EntryOverhead = 512;
    private const int FieldOverhead = 64;

    public long Bytes { get; } = Measure(Response);

    private static long Measure(StoredResponse response)
    {
        var bytes = EntryOverhead + (long)response.Body.Length + (2 * response.Target.Length);
        foreach (var (name, value) in response.Headers)
        {
            bytes += FieldOverhead + (2 * (name.Length + value.Length));
        }

        return bytes;
    }
}
