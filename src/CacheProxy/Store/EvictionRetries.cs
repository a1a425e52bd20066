namespace CacheProxy.Store;

/// <summary>Retries pending evictions until the store has them, and once more when the process stops.</summary>
internal sealed class EvictionRetries(
    PendingEvictions pending, ICacheStore store, TimeProvider time, ILogger<EvictionRetries> logger) : BackgroundService
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryDueAsync();
        if (pending.Count > 0)
        {
            Log.StoppedWithPending(logger, pending.Count);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delay = FirstDelay;
        try
        {
            while (true)
            {
                await pending.WaitAsync().WaitAsync(stoppingToken);
                await Task.Delay(delay, time, stoppingToken);
                delay = await TryDueAsync() ? FirstDelay : Min(delay * 2, LongestDelay);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops, which makes the last attempt; or it never started, and there is nothing to try.
        }
    }

    /// <summary>False when the store could not take one that was due.</summary>
    private async Task<bool> TryDueAsync()
    {
        var reached = true;
        foreach (var due in pending.Due())
        {
            var outcome = await store.EndWriteAsync(due.Key, due.Token, WriteResult.Changed, new StoreTimeoutBudget(AttemptTimeout));
            if (outcome == StoreOutcome.Done)
            {
                pending.Complete(due);
                continue;
            }

            if (!store.IsAvailable)
            {
                return false;
            }

            // One node of several is gone, or one key is refused: the others do not wait for it.
            reached = false;
        }

        return reached;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
