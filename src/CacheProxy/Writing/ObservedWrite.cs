using CacheProxy.Store;

namespace CacheProxy.Writing;

/// <summary>A write to resources whose lifetime comes from how often they are written.</summary>
internal sealed class ObservedWrite
{
    private readonly IWritePaces _paces;
    private readonly EvictionTarget[] _targets;
    private readonly TimeSpan _timeout;

    private ObservedWrite(IWritePaces paces, EvictionTarget[] targets, TimeSpan timeout) => (_paces, _targets, _timeout) = (paces, targets, timeout);

    /// <summary>The write; <c>null</c> where no policy asks for it.</summary>
    public static ObservedWrite? Of(EvictionTarget[] targets, IWritePaces paces, TimeSpan timeout)
    {
        foreach (var target in targets)
        {
            if (target.Policy.Options.AdaptiveTtl is not null)
            {
                return new ObservedWrite(paces, targets, timeout);
            }
        }

        return null;
    }

    /// <summary>Notes it, and waits for nothing: on its way before the end of the write, it is there before whoever reads after that.</summary>
    public void Note()
    {
        foreach (var target in _targets)
        {
            if (target.Policy.Options.AdaptiveTtl is { } adaptive)
            {
                _ = _paces.NoteAsync(target.Key, PaceStep.Written, adaptive.Memory, new StoreTimeoutBudget(_timeout)).AsTask();
            }
        }
    }
}
