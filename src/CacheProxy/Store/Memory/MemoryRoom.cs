using System.Collections.Concurrent;

namespace CacheProxy.Store.Memory;

/// <summary>
/// The room that entries share. When it is short, whole resources lose their entries: first those not looked up since they were last
/// passed over (second chance), which is roughly the least recently used.
/// </summary>
internal sealed class MemoryRoom(long maxBytes)
{
    // Every fill may add one resource to the queue and passes over two: what has left the store does not pile up in it.
    private const int PassedOverPerFill = 2;

    private readonly ConcurrentQueue<MemoryResource> _queue = new();
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public int Queued => _queue.Count;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Enqueue_NeedsLock(MemoryResource resource)
    {
        if (!resource.IsQueued)
        {
            resource.IsQueued = true;
            _queue.Enqueue(resource);
        }
    }

    /// <summary>Call it without any resource's lock.</summary>
    /// <param name="dropped">Told, with the resource's lock, of each that lost its entries.</param>
    public void Make(Action<MemoryResource> dropped)
    {
        for (var i = 0; i < PassedOverPerFill && _queue.TryDequeue(out var resource); i++)
        {
            lock (resource)
            {
                Requeue_NeedsLock(resource);
            }
        }

        // Twice around at most: once to take everybody's second chance, once to drop.
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
