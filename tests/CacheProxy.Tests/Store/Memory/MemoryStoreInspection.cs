using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;

namespace CacheProxy.Tests.Store.Memory;

/// <summary>What redis-cli is for Redis: tests look into the store, and delete from it, without members of its own for that.</summary>
internal static class MemoryStoreInspection
{
    extension(MemoryStore store)
    {
        /// <summary>Resources that have an entry, a lease or a write.</summary>
        public int Count => Resources(store).Count;

        /// <summary>Resources that have an index.</summary>
        public int Indexes => IndexesOf(store).Count;

        /// <summary>Size of all entries and indexes.</summary>
        public long Bytes => Budget(store).Bytes;

        /// <summary>Resources in the queue of the memory budget, including those that have left the store.</summary>
        public int Queued => Shares(Budget(store)).Values.Sum(static share => share.Queue.Count);

        /// <summary>Deletes a resource with its entries, leases and fences, as <c>DEL</c> does.</summary>
        public void Delete(ResourceKey key)
        {
            if (Resources(store).TryGetValue(key.Value, out var resource))
            {
                lock (resource)
                {
                    Remove(store, resource);
                }
            }
        }

        /// <summary>Deletes the index of a resource.</summary>
        public void DeleteIndex(ResourceKey key)
        {
            if (Table(IndexesOf(store)).TryGetValue(key.Value, out var index))
            {
                lock (index)
                {
                    index.IsGone = true;
                    Budget(store).AddShared(index.TakeGrowth());
                    Table(IndexesOf(store)).TryRemove(key.Value, out _);
                }
            }
        }

        /// <summary>Whether a resource has no write and, for the plain variant, no lease, live or expired.</summary>
        public bool HoldsOnlyEntries(ResourceKey key)
        {
            if (!Resources(store).TryGetValue(key.Value, out var resource))
            {
                return true;
            }

            lock (resource)
            {
                return !resource.HasFence && !resource.HasOtherLease(new FillLease("", VariantKey.Plain, "", TimeSpan.Zero, Exclusive: true));
            }
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_resources")]
    private static extern ref ConcurrentDictionary<string, MemoryResource> Resources(MemoryStore store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_indexes")]
    private static extern ref MemoryIndexes IndexesOf(MemoryStore store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_indexes")]
    private static extern ref ConcurrentDictionary<string, MemoryIndex> Table(MemoryIndexes indexes);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_budget")]
    private static extern ref MemoryBudget Budget(MemoryStore store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_shares")]
    private static extern ref Dictionary<string, MemoryShare> Shares(MemoryBudget budget);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Remove_NeedsLock")]
    private static extern void Remove(MemoryStore store, MemoryResource resource);
}
