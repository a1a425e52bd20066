using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Writing;

/// <summary>One unsafe request under way: its fence on each resource that it may change.</summary>
internal sealed partial class WriteFence : IAsyncDisposable
{
    // A renewal may fail twice before the fence falls.
    private const int RenewalsPerDeadline = 3;
    private const int DeadlinesPerLimit = 10;
    private static readonly TimeSpan LongestWithholding = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BetweenWithdrawals = TimeSpan.FromSeconds(1);

    private readonly ResourceCache _cache;
    private readonly CacheEventLog _events;
    private readonly WriteMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly EvictionTarget[] _targets;
    private readonly string _token = Guid.NewGuid().ToString("N");
    private readonly AwaitedHolders? _awaited;
    private readonly ResourceFence[] _fences;
    private readonly ResourceFence[] _wanted;
    private readonly ITimer _renewal;
    private readonly PacedBody? _body;
    private readonly TimeSpan _limit = TimeSpan.MaxValue;
    private readonly long _began;
    private readonly bool _isSet;
    private long _withheldSince;
    private bool _isGivenUp;
    private Task _renewing = Task.CompletedTask;
    private List<ResourceKey>? _outstanding;
    private bool _ended;

    /// <param name="services">What every write needs.</param>
    /// <param name="timeout">How long the request may wait for the store.</param>
    /// <param name="targets">What the write may change; empty when only the answer says what that is.</param>
    /// <param name="body">The client's part, where it is still to come.</param>
    /// <param name="isSet">Whether there is a fence before the API is asked. If not, it is set when the API may have done anything.</param>
    public WriteFence(WriteServices services, TimeSpan timeout, EvictionTarget[] targets, PacedBody? body = null, bool isSet = true)
    {
        (_cache, _events, _metrics, _time) = services;
        _timeout = timeout;
        _targets = targets;
        _body = body;
        _isSet = isSet;
        _began = _time.GetTimestamp();
        _fences = new ResourceFence[targets.Length];
        _awaited = _cache.Await();
        var period = targets.Length == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.MaxValue;
        for (var i = 0; i < targets.Length; i++)
        {
            var options = targets[i].Policy.Options;
            var index = IndexFence.For(targets[i].Policy.HasDependents, _token, timeout);
            _fences[i] = new ResourceFence(targets[i].Key, _token, options.WriteDeadline, new StoreTimeoutBudget(timeout), index) { Awaited = _awaited };
            period = Min(period, options.WriteDeadline / RenewalsPerDeadline);
            _limit = Min(_limit, options.WriteLimit ?? options.WriteDeadline * DeadlinesPerLimit);
        }

        // What is off is only evicted.
        _wanted = Array.TrueForAll(targets, static target => target.IsFenced) ? _fences : [.. _fences.Where((_, i) => targets[i].IsFenced)];
        _renewal = _time.CreateTimer(static state => ((WriteFence)state!).Renew(), this, period, period);
    }

    /// <summary>
    /// Whether the fences have stood without a gap since the last time that the store confirmed each. If they stand when the API has
    /// answered, nothing that the write replaced is ever served: not before their deadline, and whoever fills after it evicts first.
    /// </summary>
    public bool IsStanding => Array.TrueForAll(_wanted, Stands);

    /// <summary>Sets the fences. False when one could not be set that a strict policy wants: then none stays.</summary>
    public async ValueTask<bool> TryBeginAsync()
    {
        if (!_isSet)
        {
            return true;
        }

        var wasSent = _cache.IsStoreAvailable;
        await AllAsync(BeginAsync);
        if (!StrictFailed())
        {
            Array.ForEach(_wanted, _cache.GoOnUnfenced);
            return true;
        }

        await StopRenewingAsync();
        _ended = true;
        Array.ForEach(_targets, target => _metrics.Refused(target.Policy.Name));
        if (wasSent)
        {
            // A fence that was set too late for us must not stand for its whole deadline. Nobody waits for its removal.
            _ = AllAsync(WithdrawAsync);
        }

        return false;
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
        var ending = new Task<StoreOutcome>[_fences.Length];
        for (var i = 0; i < ending.Length; i++)
        {
            if (result == WriteResult.Changed)
            {
                NoteWritten(_targets[i]);
            }

            // A write that had no fence and changed nothing has left nothing to be ended.
            ending[i] = (_isSet && _targets[i].IsFenced) || result != WriteResult.Unchanged
                ? _cache.EndWriteAsync(_fences[i], result).AsTask() : Task.FromResult(StoreOutcome.Done);
        }

        for (var i = 0; i < ending.Length; i++)
        {
            var outcome = await ending[i];
            Report(_targets[i], result, outcome);
            if (result == WriteResult.Changed && outcome != StoreOutcome.Done && !Stands(_fences[i]))
            {
                NoteOutstanding(_targets[i]);
            }
        }
    }

    /// <summary>
    /// Waits until no other replica can serve what the write has replaced: for those that held it, and, for a strict policy whose eviction is
    /// pending while no fence stands for it, until the store has that. False when it takes too long or the client leaves: then the write must not
    /// be acknowledged.
    /// </summary>
    public async ValueTask<bool> IsThroughAsync(CancellationToken cancellationToken)
    {
        if (!await AreHoldersThroughAsync(cancellationToken))
        {
            return false;
        }

        // One that is not pending any more has been waited for as these have been.
        while (_outstanding is not null && _outstanding.Exists(_cache.IsEvictionPending))
        {
            if (!await WithholdAsync(cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Waits for all holders that have been listed so far. While the fences stand there are no others. They have usually answered while the API
    /// worked.
    /// </summary>
    public ValueTask<bool> AreHoldersThroughAsync(CancellationToken cancellationToken) => _awaited?.WaitAsync(cancellationToken) ?? new(true);

    /// <summary>
    /// Sets the fences again when they may have fallen; then nobody is served what another replica has stored meanwhile, and it is evicted with
    /// the rest. For a strict policy it goes on until it succeeds; false when that takes too long.
    /// </summary>
    public async ValueTask<bool> TryStandAsync(CancellationToken cancellationToken)
    {
        await AllAsync(BeginAsync);
        while (StrictFailed())
        {
            if (!await WithholdAsync(cancellationToken))
            {
                return false;
            }

            await AllAsync(RenewAsync);
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await StopRenewingAsync();
        _awaited?.Dispose();
    }

    private bool Stands(ResourceFence fence) => fence.Stands(_time);

    // All waits of one answer count together.
    private async ValueTask<bool> WithholdAsync(CancellationToken cancellationToken)
    {
        _withheldSince = _withheldSince == 0 ? _time.GetTimestamp() : _withheldSince;
        if (cancellationToken.IsCancellationRequested || _time.GetElapsedTime(_withheldSince) >= LongestWithholding)
        {
            return false;
        }

        await Task.Delay(BetweenLooks, _time, CancellationToken.None);
        return true;
    }

    private async ValueTask BeginAsync(ResourceFence fence)
    {
        // Before the store is asked: its clock starts when the request arrives there, not when its reply arrives here.
        var asked = _time.GetTimestamp();
        await _cache.BeginWriteAsync(fence);
        fence.SetTimestamp = fence.IsSet ? asked : 0;
    }

    private async ValueTask RenewAsync(ResourceFence fence)
    {
        var asked = _time.GetTimestamp();
        if (await _cache.RenewAsync(fence, new StoreTimeoutBudget(_timeout)) == StoreOutcome.Done)
        {
            fence.SetTimestamp = asked;
        }
    }

    // The request that opened the breaker may still be carried out when the store is back. After a deadline the fence has fallen by
    // itself, unless the store was away for longer.
    private async ValueTask WithdrawAsync(ResourceFence fence)
    {
        var began = _time.GetTimestamp();
        while (await _cache.WithdrawAsync(fence, new StoreTimeoutBudget(_timeout)) != StoreOutcome.Done
            && _time.GetElapsedTime(began) < fence.Deadline)
        {
            await Task.Delay(BetweenWithdrawals, _time);
        }
    }

    private bool StrictFailed()
    {
        for (var i = 0; i < _targets.Length; i++)
        {
            if (!Stands(_fences[i]) && _targets[i].Policy.Options.WriteConsistency == WriteConsistency.Strict)
            {
                return true;
            }
        }

        return false;
    }

    private void Report(EvictionTarget target, WriteResult result, StoreOutcome outcome)
    {
        _metrics.Ended(target.Policy.Name, result, outcome);
        if (outcome == StoreOutcome.Done && result != WriteResult.Unchanged && target.Policy.Options.Mode != CacheMode.Off)
        {
            _events.Invalidated(target.Policy.Events, target.Tenant, target.Id);
        }
    }

    private void Renew()
    {
        if (!_isSet || _isGivenUp || _ended || !_renewing.IsCompleted)
        {
            return;
        }

        // A write that takes too long, or whose client holds its part back, keeps everybody from the cache no longer: the fence may fall. If
        // the API acts after that, the fence is set again before its answer goes out.
        if (_time.GetElapsedTime(_began) >= _limit || _body?.KeepsPace(_targets[0].Policy.Options.MinWriteRate) == false)
        {
            _isGivenUp = true;
            return;
        }

        _renewing = AllAsync(RenewAsync);
    }

    private async ValueTask StopRenewingAsync()
    {
        await _renewal.DisposeAsync();
        // A renewal that arrives after the end would be a fence without a write.
        await _renewing;
    }

    private Task AllAsync(Func<ResourceFence, ValueTask> step)
    {
        var steps = new Task[_wanted.Length];
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = step(_wanted[i]).AsTask();
        }

        return steps.Length == 1 ? steps[0] : Task.WhenAll(steps);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
