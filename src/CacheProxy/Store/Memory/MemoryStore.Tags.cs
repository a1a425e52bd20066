using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>Tags: resources whose plain variant has nothing in it; its stamp's token is the generation.</summary>
internal sealed partial class MemoryStore
{
    private static readonly StoredResponse Nothing = new()
    {
        Status = 0,
        Headers = [],
        Body = default,
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 0,
        Target = "",
    };

    public ValueTask<TagState> LookUpTagAsync(ResourceKey tag, StoreTimeoutBudget budget)
    {
        if (!TryEnter(tag, out var resource))
        {
            return new(TagState.Absent);
        }

        using var entered = new Entered(this, resource);
        if (resource.HasFence)
        {
            return new(resource.HasLiveWrite(NowMs) ? TagState.Fenced : TagState.Absent);
        }

        resource.IsUsed = true;
        return new(StateOf(resource, NowMs));
    }

    public ValueTask<TagState> OpenTagAsync(ResourceKey tag, TimeSpan keep, StoreTimeoutBudget budget)
    {
        var state = Open(tag, keep, out var opened);
        _budget.Trim(opened, _dropped);
        return new(state);
    }

    private TagState Open(ResourceKey tag, TimeSpan keep, out MemoryResource resource)
    {
        resource = Enter(tag);
        using var entered = new Entered(this, resource);
        var now = NowMs;
        if (resource.HasLiveWrite(now))
        {
            return TagState.Fenced;
        }

        // What is left of fences is of writes whose outcome nobody knows: they evict.
        if (resource.HasFence)
        {
            resource.Evict(now);
        }

        var known = StateOf(resource, now);
        var generation = known.Outcome == TagOutcome.InForce ? known.Generation : NewFillToken(tag);
        var deadline = Math.Max(now + (long)keep.TotalMilliseconds, resource.Entry(VariantKey.Plain)?.DeadlineMs ?? 0);
        var entry = new MemoryEntry(
            Nothing with { ResponseTimeMs = now - (long)known.Age.TotalMilliseconds }, StoredResponseFormat.Stamp(deadline, generation), deadline);
        resource.Store(VariantKey.Plain, entry, vary: "", maxVariants: 1);
        if (!resource.IsQueued)
        {
            // A tag is nobody's entry: what it stands for may be several tenants'.
            _budget.Enqueue_NeedsLock(resource, default);
        }

        return TagState.InForce(generation, known.Age);
    }

    private static TagState StateOf(MemoryResource resource, long now) =>
        resource.Entry(VariantKey.Plain) is { } entry && entry.DeadlineMs > now
            ? TagState.InForce(entry.Stamp[^StoredResponseFormat.TokenLength..], TimeSpan.FromMilliseconds(now - entry.Response.ResponseTimeMs))
            : TagState.Absent;
}
