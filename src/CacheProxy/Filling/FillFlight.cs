namespace CacheProxy.Filling;

/// <summary>One upstream request that concurrent misses of one variant wait for. The reader that came first leads it.</summary>
internal sealed class FillFlight(FlightKey key) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<FlightResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private int _waiters;
    private bool _leaderGone;
    private bool _sealed;

    public FlightKey Key => key;

    /// <summary>How many wait for the result.</summary>
    public int Waiters
    {
        get
        {
            lock (_lock)
            {
                return _waiters;
            }
        }
    }

    /// <summary>Whether nothing more comes of it: what it has fetched is in the store or will never be, though its own client may still read.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _sealed && _result.Task.IsCompleted;
            }
        }
    }

    /// <summary>Fires when nobody wants the answer any more: the leader's client is gone and no one waits.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>
    /// Waits for the result. Only who joined before <see cref="Seal"/> may share the response: a write may have begun and ended since,
    /// so whoever comes later is told to look up again.
    /// </summary>
    public async Task<FlightResult> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken clientGone)
    {
        bool late;
        lock (_lock)
        {
            late = _sealed;
            _waiters++;
        }

        try
        {
            var result = await _result.Task.WaitAsync(limit, time, clientGone);
            return late ? FlightResult.LookUpAgain : result;
        }
        catch (TimeoutException)
        {
            // A leader that takes too long is no leader: the waiter does the work itself.
            return FlightResult.Forward;
        }
        catch (OperationCanceledException)
        {
            // The client has gone, which the forwarder notices at once and without an exception.
            return FlightResult.Forward;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>From here on the response is on its way into the store; joining is too late to share it.</summary>
    public void Seal()
    {
        lock (_lock)
        {
            _sealed = true;
        }
    }

    /// <summary>The first result stands.</summary>
    public void Finish(FlightResult result) => _result.TrySetResult(result);

    /// <summary>The leader's client has gone; the flight goes on only for others.</summary>
    public void LeaderLeft()
    {
        bool abandoned;
        lock (_lock)
        {
            _leaderGone = true;
            abandoned = _waiters == 0;
        }

        CancelIf(abandoned);
    }

    public void Dispose() => _abandoned.Dispose();

    private void Leave()
    {
        bool abandoned;
        lock (_lock)
        {
            _waiters--;
            abandoned = _waiters == 0 && _leaderGone && !_result.Task.IsCompleted;
        }

        CancelIf(abandoned);
    }

    private void CancelIf(bool abandoned)
    {
        if (!abandoned)
        {
            return;
        }

        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The flight has landed in the meantime: nothing is left to cancel.
        }
    }
}
