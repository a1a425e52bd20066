using CacheProxy.Configuration.Policies;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Writing;

/// <summary>One unsafe request under way: its fence on each resource that it may change.</summary>
internal sealed class FencedWrite : IAsyncDisposable
{
    // A renewal may fail twice before the fence falls.
    private const int RenewalsPerDeadline = 3;

    private readonly ICacheStore _store;
    private readonly LocalCopies _copies;
    private readonly PendingEvictions _pending;
    private readonly CacheEventLog _events;
    private readonly EvictionMetrics _metrics;
    private readonly TimeSpan _timeout;
    private readonly string _token = Guid.NewGuid().ToString("N");
    private readonly EvictionTarget[] _targets;
    private readonly bool[] _fenced;
    private readonly StorePatience[] _patience;
    private readonly ITimer _renewal;
    private Task _renewing = Task.CompletedTask;
    private bool _ended;

    public FencedWrite(
        ICacheStore store,
        LocalCopies copies,
        PendingEvictions pending,
        CacheEventLog events,
        EvictionMetrics metrics,
        TimeProvider time,
        TimeSpan timeout,
        EvictionTarget[] targets)
    {
        _store = store;
        _copies = copies;
        _pending = pending;
        _events = events;
        _metrics = metrics;
        _timeout = timeout;
        _targets = targets;
        _fenced = new bool[targets.Length];
        _patience = new StorePatience[targets.Length];
        var period = TimeSpan.MaxValue;
        for (var i = 0; i < targets.Length; i++)
        {
            _patience[i] = new StorePatience(timeout);
            period = Min(period, targets[i].Policy.Options.WriteDeadline / RenewalsPerDeadline);
        }

        _renewal = time.CreateTimer(static state => ((FencedWrite)state!).Renew(), this, period, period);
    }

    /// <summary>Sets the fences. False when one could not be set that a strict policy wants: then none stays.</summary>
    public async ValueTask<bool> TryBeginAsync()
    {
        var outcomes = await AllAsync(BeginOneAsync);
        var strictFailed = false;
        for (var i = 0; i < _targets.Length; i++)
        {
            _fenced[i] = outcomes[i] == StoreOutcome.Done;
            _copies.Forget(_targets[i].Key);
            strictFailed |= !_fenced[i] && _targets[i].Policy.Options.WriteConsistency == WriteConsistency.Strict;
        }

        for (var i = 0; i < _targets.Length && !strictFailed; i++)
        {
            if (!_fenced[i])
            {
                _pending.BeginUnfenced(_targets[i].Key, _token);
            }
        }

        if (strictFailed)
        {
            await StopRenewingAsync();
            _ended = true;
            Array.ForEach(_targets, target => _metrics.Refused(target.Policy.Name));
            // A fence that was set too late for us shall not stand for the whole deadline. Nobody waits for its end, which goes the same way.
            _ = AllAsync(i => _store.EndWriteAsync(_targets[i].Key, _token, WriteResult.Unchanged, new StorePatience(_timeout))).AsTask();
        }

        return !strictFailed;
    }

    /// <summary>
    /// What the API's answer says that the write has changed besides (RFC 9111 §4.4). No fence stood there, so that what was read
    /// before the answer is revoked now.
    /// </summary>
    public async ValueTask EvictAsync(EvictionTarget affected)
    {
        _copies.Forget(affected.Key);
        // It comes out of the same patience as the rest: however much an answer names, its client does not wait longer.
        var outcome = await _store.EndWriteAsync(affected.Key, _token, WriteResult.Changed, _patience[0]);
        _metrics.Evicted(affected.Policy.Name, outcome);
        if (outcome == StoreOutcome.Done)
        {
            _events.Invalidated(affected.Policy.Events, affected.Tenant, affected.Id);
        }
        else
        {
            _pending.Add(affected.Key, _token);
        }
    }

    /// <summary>Ends the write once; further calls do nothing.</summary>
    public async ValueTask EndAsync(WriteResult result)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        await StopRenewingAsync();
        if (result == WriteResult.Unknown)
        {
            // From now on nobody renews: the fence stands for the whole deadline once more.
            await AllAsync(BeginOneAsync);
        }

        var outcomes = await AllAsync(i => _store.EndWriteAsync(_targets[i].Key, _token, result, _patience[i]));
        for (var i = 0; i < _targets.Length; i++)
        {
            Settle(i, outcomes[i], result);
        }
    }

    public async ValueTask DisposeAsync() => await StopRenewingAsync();

    private void Settle(int i, StoreOutcome outcome, WriteResult result)
    {
        var target = _targets[i];
        _copies.Forget(target.Key);
        _metrics.Ended(target.Policy.Name, result, outcome);
        if (outcome == StoreOutcome.Done && result != WriteResult.Unchanged)
        {
            _events.Invalidated(target.Policy.Events, target.Tenant, target.Id);
        }

        switch (result)
        {
            case WriteResult.Unchanged:
                // Nothing to evict: a fence that is left behind falls at its deadline.
                ForgetUnfenced(i);
                break;
            case WriteResult.Changed when outcome == StoreOutcome.Done:
                ForgetUnfenced(i);
                break;
            case WriteResult.Changed:
                Remember(i, TimeSpan.Zero);
                break;
            case WriteResult.Unknown when outcome == StoreOutcome.Done && _fenced[i]:
                break;
            case WriteResult.Unknown:
                // No fence outlives this write in the store, so this process is the fence until the API must be through with it.
                Remember(i, target.Policy.Options.WriteDeadline);
                break;
        }
    }

    private void ForgetUnfenced(int i)
    {
        if (!_fenced[i])
        {
            _pending.Forget(_targets[i].Key);
        }
    }

    private void Remember(int i, TimeSpan delay)
    {
        if (_fenced[i])
        {
            _pending.Add(_targets[i].Key, _token);
        }
        else
        {
            _pending.EndUnfenced(_targets[i].Key, _token, delay);
        }
    }

    private ValueTask<StoreOutcome> BeginOneAsync(int i) =>
        _store.BeginWriteAsync(_targets[i].Key, _token, _targets[i].Policy.Options.WriteDeadline, _patience[i]);

    private void Renew()
    {
        if (_renewing.IsCompleted && !_ended)
        {
            _renewing = AllAsync(RenewOneAsync).AsTask();
        }
    }

    private ValueTask<StoreOutcome> RenewOneAsync(int i) => _store.BeginWriteAsync(
        _targets[i].Key, _token, _targets[i].Policy.Options.WriteDeadline, new StorePatience(_timeout));

    private async ValueTask StopRenewingAsync()
    {
        await _renewal.DisposeAsync();
        // A renewal that arrives after the end would be a fence without a write.
        await _renewing;
    }

    private async ValueTask<StoreOutcome[]> AllAsync(Func<int, ValueTask<StoreOutcome>> step)
    {
        if (_targets.Length == 1)
        {
            return [await step(0)];
        }

        var tasks = new Task<StoreOutcome>[_targets.Length];
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = step(i).AsTask();
        }

        return await Task.WhenAll(tasks);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
