using System.Diagnostics.CodeAnalysis;

namespace CacheProxy.Store.Memory;

/// <summary>
/// The memory that entries share, fairly: when they take more, the tenant that has most loses entries, and none that has less than an equal
/// share. Of its resources those go first that were not looked up since they were last passed over (the "second chance" approximation of
/// least recently used). Entries of no tenant count as one tenant's.
/// </summary>
/// <remarks>The lock of a resource is taken before that of the budget, never after it.</remarks>
internal sealed class MemoryBudget(long maxBytes)
{
    // Each fill adds at most one resource to a queue and passes over two there, and two elsewhere, so resources that have left the store do
    // not pile up in it.
    private const int PassedOverPerFill = 2;

    // So many are compared to find the tenant that has most; with more tenants, one that has much.
    private const int Compared = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, MemoryShare> _shares = new(StringComparer.Ordinal);
    private readonly Queue<MemoryShare> _round = new();
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(Budgeted resource, long bytes, int entries)
    {
        if (bytes != 0 || entries != 0)
        {
            Interlocked.Add(ref _bytes, bytes);
            resource.Share!.Add(bytes, entries);
        }
    }

    /// <summary>What is nobody's entries takes room from all.</summary>
    public void AddShared(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>What a tenant has.</summary>
    public TenantUse UseOf(string tenant)
    {
        lock (_lock)
        {
            return _shares.TryGetValue(tenant, out var share) ? new TenantUse(share.Entries, share.Bytes) : default;
        }
    }

    /// <param name="resource">What has entries now, and is not queued.</param>
    /// <param name="tenant">Whose it is; empty for nobody's.</param>
    public void Enqueue_NeedsLock(Budgeted resource, ReadOnlySpan<char> tenant)
    {
        resource.IsQueued = true;
        lock (_lock)
        {
            var shares = _shares.GetAlternateLookup<ReadOnlySpan<char>>();
            if (!shares.TryGetValue(tenant, out var share))
            {
                share = new MemoryShare();
                shares[tenant] = share;
                share.Name = tenant.ToString();
                _round.Enqueue(share);
            }

            share.Members++;
            share.Queue.Enqueue(resource);
            resource.Share = share;
        }
    }

    /// <summary>Drops entries until the rest fit. The caller must not hold any resource's lock.</summary>
    /// <param name="filled">The resource that was filled last.</param>
    /// <param name="dropped">Called for each resource that lost its entries, with its lock held.</param>
    public void Trim(Budgeted filled, Action<Budgeted> dropped)
    {
        if (filled.Share is not { } share)
        {
            return;
        }

        PassOver(share);
        if (NextInRound() is { } other && other != share)
        {
            PassOver(other);
        }

        while (Bytes > maxBytes && Largest(share) is { } largest && TryDrop(largest, dropped))
        {
            // Until the rest fit, or nothing is left to drop.
        }
    }

    private void PassOver(MemoryShare share)
    {
        for (var i = 0; i < PassedOverPerFill && TryDequeue(share, out var resource); i++)
        {
            lock (resource)
            {
                Requeue_NeedsLock(resource);
            }
        }
    }

    /// <summary>Drops one resource of it: at most twice around, first for the second chances, then for the drop.</summary>
    private bool TryDrop(MemoryShare share, Action<Budgeted> dropped)
    {
        for (var left = 2L * share.Members; left > 0 && TryDequeue(share, out var resource); left--)
        {
            lock (resource)
            {
                if (resource.IsUsed || !resource.HasEntries)
                {
                    resource.IsUsed = false;
                    Requeue_NeedsLock(resource);
                    continue;
                }

                Add(resource, -resource.Bytes, -resource.Count);
                resource.DropEntries();
                dropped(resource);
                Requeue_NeedsLock(resource);
                return true;
            }
        }

        return false;
    }

    private bool TryDequeue(MemoryShare share, [NotNullWhen(true)] out Budgeted? resource)
    {
        lock (_lock)
        {
            return share.Queue.TryDequeue(out resource);
        }
    }

    private void Requeue_NeedsLock(Budgeted resource)
    {
        resource.IsQueued = !resource.IsGone && resource.HasEntries;
        lock (_lock)
        {
            var share = resource.Share!;
            if (resource.IsQueued)
            {
                share.Queue.Enqueue(resource);
            }
            else if (--share.Members == 0)
            {
                _shares.Remove(share.Name);
            }
        }
    }

    private MemoryShare? NextInRound()
    {
        lock (_lock)
        {
            return NextInRound_NeedsLock();
        }
    }

    private MemoryShare? NextInRound_NeedsLock()
    {
        while (_round.TryDequeue(out var share))
        {
            if (share.Members > 0)
            {
                _round.Enqueue(share);
                return share;
            }
        }

        return null;
    }

    private MemoryShare? Largest(MemoryShare filled)
    {
        lock (_lock)
        {
            var largest = filled;
            var fair = maxBytes / Math.Max(1, _shares.Count);
            for (var i = 0; i < _shares.Count && (i < Compared || largest.Bytes <= fair); i++)
            {
                if (NextInRound_NeedsLock() is { } share && share.Bytes > largest.Bytes)
                {
                    largest = share;
                }
            }

            return largest;
        }
    }
}

/// <summary>What one tenant has of the memory.</summary>
internal sealed class MemoryShare
{
    private long _bytes;
    private long _entries;

    public string Name { get; set; } = "";

    public long Bytes => Interlocked.Read(ref _bytes);

    public long Entries => Interlocked.Read(ref _entries);

    public Queue<Budgeted> Queue { get; } = new();

    /// <summary>Those in the queue, and those that are just being looked at. Whatever has entries is one.</summary>
    public int Members { get; set; }

    public void Add(long bytes, int entries)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _entries, entries);
    }
}

/// <summary>What takes memory, and can be dropped when there is not enough. Every member but <see cref="IsUsed"/> needs the lock of this object.</summary>
internal abstract class Budgeted
{
    /// <summary>Whose memory it takes; set as long as it has entries.</summary>
    public MemoryShare? Share { get; set; }

    /// <summary>Whether it has left its table and must not be used any more.</summary>
    public bool IsGone { get; set; }

    /// <summary>Whether it is in the queue of <see cref="MemoryBudget"/>.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Whether it was looked up since <see cref="MemoryBudget"/> last passed it over.</summary>
    public bool IsUsed { get; set; }

    public abstract long Bytes { get; }

    /// <summary>How many entries it has.</summary>
    public abstract int Count { get; }

    public abstract bool HasEntries { get; }

    public abstract void DropEntries();
}
