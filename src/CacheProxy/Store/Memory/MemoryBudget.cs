using System.Collections.Concurrent;

namespace CacheProxy.Store.Memory;

/// <summary>
/// The memory that entries share. When they take more, whole resources lose their entries, those first that were not looked up since they
/// were last passed over (the "second chance" approximation of least recently used).
/// </summary>
internal sealed class MemoryBudget(long maxBytes)
{
    // Each fill adds at most one resource to the queue and passes over two, so resources that have left the store do not pile up in it.
    private const int PassedOverPerFill = 2;

    private readonly ConcurrentQueue<MemoryResource> _queue = new();
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Enqueue_NeedsLock(MemoryResource resource)
    {
        if (!resource.IsQueued)
        {
            resource.IsQueued = true;
            _queue.Enqueue(resource);
        }
    }

    /// <summary>Drops entries until the rest fit. The caller must not hold any resource's lock.</summary>
    /// <param name="dropped">Called for each resource that lost its entries, with its lock held.</param>
    public void Trim(Action<MemoryResource> dropped)
    {
        for (var i = 0; i < PassedOverPerFill && _queue.TryDequeue(out var resource); i++)
        {
            lock (resource)
            {
                Requeue_NeedsLock(resource);
            }
        }

        // At most twice around: the first time takes each resource's second chance, the second time drops.
        for (var left = 2L * _queue.Count; left > 0 && Bytes > maxBytes && _queue.TryDequeue(out var resource); left--)
        {
            lock (resource)
            {
                if (resource.IsUsed)
                {
                    resource.IsUsed = false;
                    Requeue_NeedsLock(resource);
                    continue;
                }

                resource.IsQueued = false;
                Add(-resource.Bytes);
                resource.DropEntries();
                dropped(resource);
            }
        }
    }

    private void Requeue_NeedsLock(MemoryResource resource)
    {
        resource.IsQueued = !resource.IsGone && resource.HasEntries;
        if (resource.IsQueued)
        {
            _queue.Enqueue(resource);
        }
    }
}
