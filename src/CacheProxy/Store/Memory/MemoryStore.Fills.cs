using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>The steps of fills.</summary>
internal sealed partial class MemoryStore
{
    private BeginFillOutcome BeginFill(ResourceKey key, FillLease lease)
    {
        var resource = Enter(key);
        using var entered = new Entered(this, resource);
        var now = NowMs;
        if (resource.HasUnknownWrite(now))
        {
            resource.Evict(now);
        }

        if (resource.HasFence)
        {
            return BeginFillOutcome.Fenced;
        }

        resource.DropExpired(now);
        if ((resource.Entry(lease.Variant)?.Stamp ?? "") != lease.Seen)
        {
            // An entry that was seen and is gone must not be validated and stored again: a write may have begun and ended since.
            return BeginFillOutcome.Changed;
        }

        if (lease.Exclusive && resource.HasOtherLease(lease))
        {
            return BeginFillOutcome.UnderWay;
        }

        resource.SetLease(lease, now + (long)lease.Duration.TotalMilliseconds);
        return BeginFillOutcome.Granted;
    }

    private CompleteFillOutcome CompleteFill(ResourceKey key, FillLease lease, FillResult result, out MemoryResource? filled)
    {
        filled = null;
        if (!TryEnter(key, out var resource))
        {
            return CompleteFillOutcome.Revoked;
        }

        using var entered = new Entered(this, resource);
        var now = NowMs;
        if (resource.HasUnknownWrite(now))
        {
            resource.Evict(now);
        }

        var stored = resource.TakeLease(lease, now) && !resource.HasFence && resource.IsCoveredBy(result.Vary);
        if (stored)
        {
            var deadline = now + (long)result.Retention.TotalMilliseconds;
            var entry = new MemoryEntry(result.Response, StoredResponseFormat.Stamp(deadline, lease.Token), deadline);
            resource.DropExpired(now);
            resource.Store(result.Variant, entry, result.Vary, result.MaxVariants);
            if (!resource.IsQueued)
            {
                _budget.Enqueue_NeedsLock(resource, _tenants.Find(key.Value));
            }

            filled = resource;
        }

        return stored ? CompleteFillOutcome.Stored : CompleteFillOutcome.Revoked;
    }
}
