using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>
/// Everything that the store holds of one resource, as the hash does in Redis. Every member needs the lock of this object.
/// </summary>
internal sealed class MemoryResource(string key) : Budgeted
{
    private readonly Dictionary<VariantKey, MemoryEntry> _entries = [];
    private readonly Dictionary<string, Lease> _fills = [];
    private readonly Dictionary<string, long> _writes = [];
    private long _bytes;

    public string Key => key;

    public string Vary { get; private set; } = "";

    /// <summary>Size of the entries.</summary>
    public override long Bytes => _bytes;

    public override int Count => _entries.Count;

    public override bool HasEntries => _entries.Count > 0;

    public bool IsEmpty => _entries.Count == 0 && _fills.Count == 0 && _writes.Count == 0;

    /// <summary>Whether there is any fence, live or expired.</summary>
    public bool HasFence => _writes.Count > 0;

    /// <summary>Whether variants under these names are told apart by all that the resource is known to vary on.</summary>
    public bool IsCoveredBy(string vary) => VaryNames.Union(vary, Vary).Length == vary.Length;

    public MemoryEntry? Entry(VariantKey variant) => _entries.GetValueOrDefault(variant);

    public bool HasOtherLease(FillLease lease)
    {
        foreach (var (token, other) in _fills)
        {
            if (other.Variant == lease.Variant && token != lease.Token)
            {
                return true;
            }
        }

        return false;
    }

    public void SetLease(FillLease lease, long deadlineMs) => _fills[lease.Token] = new Lease(lease.Variant, deadlineMs);

    /// <summary>Removes the lease. True if it was still there and live.</summary>
    public bool TakeLease(FillLease lease, long nowMs) => _fills.Remove(lease.Token, out var held) && held.DeadlineMs > nowMs;

    public void RevokeLeases() => _fills.Clear();

    public void SetWrite(string token, long deadlineMs) => _writes[token] = deadlineMs;

    public void RemoveWrite(string token) => _writes.Remove(token);

    /// <summary>Whether a write has passed its deadline, so that nobody knows what it did.</summary>
    public bool HasUnknownWrite(long nowMs)
    {
        foreach (var deadline in _writes.Values)
        {
            if (deadline <= nowMs)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a write is under way, or may still be.</summary>
    public bool HasLiveWrite(long nowMs)
    {
        foreach (var deadline in _writes.Values)
        {
            if (deadline > nowMs)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Removes everything but the live writes.</summary>
    public void Evict(long nowMs)
    {
        DropEntries();
        _fills.Clear();
        foreach (var (token, deadline) in _writes)
        {
            if (deadline <= nowMs)
            {
                _writes.Remove(token);
            }
        }
    }

    /// <summary>Removes the entries and nothing else: writes and leases are never dropped for lack of memory.</summary>
    public override void DropEntries()
    {
        _entries.Clear();
        Vary = "";
        _bytes = 0;
    }

    /// <summary>From now on no entry is used before the API has been asked.</summary>
    public void MarkStale()
    {
        foreach (var (variant, entry) in _entries.ToArray())
        {
            _entries[variant] = entry with { Response = entry.Response with { Flags = entry.Response.Flags | StoredFlags.Purged } };
        }
    }

    public void Store(VariantKey variant, MemoryEntry entry, string vary, int maxVariants)
    {
        if (vary != Vary)
        {
            // The other variants were computed with fewer names: which requests they are for is not known any more.
            DropEntries();
        }

        Drop(variant);
        _entries[variant] = entry;
        _bytes += entry.Bytes;
        Vary = vary;
        while (_entries.Count > maxVariants && FirstToExpire(variant) is { } first)
        {
            Drop(first);
        }
    }

    public void DropExpired(long nowMs)
    {
        foreach (var (token, lease) in _fills)
        {
            if (lease.DeadlineMs <= nowMs)
            {
                _fills.Remove(token);
            }
        }

        foreach (var (variant, entry) in _entries)
        {
            if (entry.DeadlineMs <= nowMs)
            {
                Drop(variant);
            }
        }

        if (_entries.Count == 0)
        {
            DropEntries();
        }
    }

    /// <summary>When the resource expires: as in Redis, with the part that lives longest.</summary>
    public long LongestDeadline()
    {
        var longest = 0L;
        foreach (var entry in _entries.Values)
        {
            longest = Math.Max(longest, entry.DeadlineMs);
        }

        foreach (var lease in _fills.Values)
        {
            longest = Math.Max(longest, lease.DeadlineMs);
        }

        foreach (var deadline in _writes.Values)
        {
            longest = Math.Max(longest, deadline);
        }

        return longest;
    }

    /// <summary>All of it, but the bodies.</summary>
    public StoredResource Inspect(long nowMs) => new()
    {
        NowMs = nowMs,
        Expiry = Left(LongestDeadline(), nowMs),
        Vary = Vary,
        Variants =
        [
            .. _entries.Select(entry => new StoredVariant(
                entry.Key,
                entry.Value.DeadlineMs > nowMs ? StoredVariantState.Usable : StoredVariantState.Expired,
                Left(entry.Value.DeadlineMs, nowMs),
                entry.Value.Response with { Body = default, AbsentBodyLength = entry.Value.Response.BodyLength })),
        ],
        Fills = [.. _fills.Values.Select(lease => new StoredLease(lease.Variant, Left(lease.DeadlineMs, nowMs)))],
        Writes = [.. _writes.Values.Select(deadline => Left(deadline, nowMs))],
        Fence = _writes.Count > 0 ? Left(_writes.Values.Max(), nowMs) : null,
    };

    private static TimeSpan Left(long deadlineMs, long nowMs) => TimeSpan.FromMilliseconds(deadlineMs - nowMs);

    private void Drop(VariantKey variant)
    {
        if (_entries.Remove(variant, out var entry))
        {
            _bytes -= entry.Bytes;
        }
    }

    private VariantKey? FirstToExpire(VariantKey except)
    {
        VariantKey? first = null;
        var earliest = long.MaxValue;
        foreach (var (variant, entry) in _entries)
        {
            if (variant != except && entry.DeadlineMs < earliest)
            {
                first = variant;
                earliest = entry.DeadlineMs;
            }
        }

        return first;
    }

    private readonly record struct Lease(VariantKey Variant, long DeadlineMs);
}

/// <summary>A stored variant.</summary>
/// <param name="Response">Not copied on the way in or out.</param>
/// <param name="Stamp">Identifies this entry.</param>
/// <param name="DeadlineMs">When it expires.</param>
internal sealed record MemoryEntry(StoredResponse Response, string Stamp, long DeadlineMs)
{
    // Rough estimates of the objects and references that belong to an entry, and to each of its field lines.
    private const int EntryOverhead = 512;
    private const int FieldOverhead = 64;

    public long Bytes { get; } = Measure(Response);

    public static long Measure(StoredResponse response)
    {
        var bytes = EntryOverhead + (long)response.Body.Length + (2 * response.Target.Length);
        foreach (var (name, value) in response.Headers)
        {
            bytes += FieldOverhead + (2 * (name.Length + value.Length));
        }

        return bytes;
    }
}
