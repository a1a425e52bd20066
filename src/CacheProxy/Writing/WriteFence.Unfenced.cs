using CacheProxy.Configuration.Policies;
using CacheProxy.Store;

namespace CacheProxy.Writing;

/// <summary>
/// What the API's answer says that the write has changed besides (RFC 9111 §4.4, and what the pointers of a policy's <c>Evicts</c> lead
/// to). No fence stood there. The eviction revokes what was read before it, and whoever reads after it reads what the API has answered for.
/// </summary>
internal sealed partial class WriteFence
{
    private StoreTimeoutBudget? _budgetWithoutFences;

    // It comes out of the same timeout as the rest: however much an answer names, its client does not wait longer.
    private StoreTimeoutBudget Budget => _fences.Length > 0 ? _fences[0].Budget : _budgetWithoutFences ??= new StoreTimeoutBudget(_timeout);

    /// <summary>
    /// Before the head of an answer goes out whose end is still to come: of what has no fence, because its policy is off here, another replica
    /// that has it on would serve a client that acts on the head what the write has replaced. The end of the write evicts it once more.
    /// </summary>
    public async ValueTask EvictUnfencedAsync()
    {
        for (var i = 0; i < _fences.Length; i++)
        {
            if (!_targets[i].IsFenced)
            {
                await _cache.EndWriteAsync(_fences[i], WriteResult.Changed);
            }
        }
    }

    public ValueTask<StoreOutcome> EvictAsync(EvictionTarget affected) => EvictAsync(affected, Budget);

    /// <summary>Evicts all at once, and waits for the store no longer than for one.</summary>
    /// <param name="affected">What.</param>
    /// <param name="timeout">How long to wait for the store; without it, as long as the request still may.</param>
    /// <returns>Whether the store has each of them.</returns>
    public async ValueTask<StoreOutcome[]> EvictAsync(EvictionTarget[] affected, TimeSpan? timeout = null)
    {
        var began = _time.GetTimestamp();
        var left = timeout ?? Budget.Remaining;
        var outcomes = await Task.WhenAll(Array.ConvertAll(affected, target => EvictAsync(target, new StoreTimeoutBudget(left)).AsTask()));
        var waited = _time.GetElapsedTime(began);
        _budgetWithoutFences?.Spend(waited);
        Array.ForEach(_fences, fence => fence.Budget.Spend(waited));
        return outcomes;
    }

    private async ValueTask<StoreOutcome> EvictAsync(EvictionTarget affected, StoreTimeoutBudget budget)
    {
        NoteWritten(affected);
        var outcome = await _cache.EvictAsync(affected.Key, _token, budget, _awaited, affected.Policy.HasDependents);
        _metrics.Evicted(affected.Policy.Name, outcome);
        if (outcome != StoreOutcome.Done)
        {
            lock (_fences)
            {
                NoteOutstanding(affected);
            }
        }
        else if (affected.Policy.Options.Mode != CacheMode.Off)
        {
            _events.Invalidated(affected.Policy.Events, affected.Tenant, affected.Id);
        }

        return outcome;
    }

    private void NoteOutstanding(EvictionTarget target)
    {
        if (target.Policy.Options.WriteConsistency == WriteConsistency.Strict)
        {
            (_outstanding ??= []).Add(target.Key);
        }
    }

    // On its way before the step that evicts, it is there before whoever reads after that; nobody waits for it.
    private void NoteWritten(in EvictionTarget target)
    {
        if (target.Policy.Options.AdaptiveTtl is { } adaptive)
        {
            _ = _cache.NotePaceAsync(target.Key, PaceStep.Written, adaptive.Memory, _timeout).AsTask();
        }
    }
}
