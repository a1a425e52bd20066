namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>One thread, on which everything of a system runs: after each turn, whatever comes of it is done before the next.</summary>
internal sealed class SteppedContext : SynchronizationContext
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private int _outstanding;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_posted)
        {
            _posted.Enqueue((d, state));
            Monitor.Pulse(_posted);
        }
    }

    /// <summary>A call goes to a store that takes its time.</summary>
    public async ValueTask<T> WaitAsync<T>(ValueTask<T> call)
    {
        if (call.IsCompleted)
        {
            return await call;
        }

        _outstanding++;
        try
        {
            return await call;
        }
        finally
        {
            _outstanding--;
        }
    }

    /// <summary>Runs what has been posted, and what comes of it, until nothing is under way.</summary>
    public void Settle()
    {
        while (true)
        {
            (SendOrPostCallback Callback, object? State) next;
            lock (_posted)
            {
                while (_posted.Count == 0)
                {
                    if (_outstanding == 0)
                    {
                        return;
                    }

                    if (!Monitor.Wait(_posted, Patience))
                    {
                        throw new InvalidOperationException("It waits for something that does not happen.");
                    }
                }

                next = _posted.Dequeue();
            }

            next.Callback(next.State);
        }
    }

    /// <summary>Runs to its end what nothing else has to happen for.</summary>
    public T Run<T>(Func<ValueTask<T>> steps)
    {
        var running = WaitAsync(steps());
        Settle();
        return running.IsCompleted ? running.Result : throw new InvalidOperationException("It waits for something that does not happen.");
    }
}
