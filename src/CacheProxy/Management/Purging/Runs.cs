using CacheProxy.Store;

namespace CacheProxy.Management.Purging;

/// <summary>The purges and erasures under way, and the last of those that have ended. Bounded; of this replica.</summary>
internal sealed class Runs(TimeProvider time, IHostApplicationLifetime lifetime, ILogger<Runs> logger)
{
    private const int MostKept = 100;
    private const int MostUnderWay = 4;

    // Most are over before their answer would be.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<Run> _runs = [];

    public Run? Find(string id)
    {
        lock (_lock)
        {
            return _runs.FirstOrDefault(run => run.Id == id);
        }
    }

    /// <summary>The latest first.</summary>
    public Run[] All()
    {
        lock (_lock)
        {
            return [.. _runs];
        }
    }

    /// <summary>
    /// Begins one, and waits a little for its end. One that was asked for with the same id is that one: who did not see the answer asks again.
    /// </summary>
    /// <param name="id">The caller's own; <c>null</c> for a new one.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="act">What it does.</param>
    /// <returns><c>null</c> when too many are under way.</returns>
    public async Task<Run?> BeginAsync(string? id, RunSubject subject, Func<IProgress<long>, CancellationToken, Task<PurgeOutcome>> act)
    {
        if (Enter(id, subject, act) is not { } run)
        {
            return null;
        }

        try
        {
            await run.Ended.WaitAsync(Grace, time, lifetime.ApplicationStopping);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // It goes on, or is about to end; its state says which.
        }

        return run;
    }

    private Run? Enter(string? id, RunSubject subject, Func<IProgress<long>, CancellationToken, Task<PurgeOutcome>> act)
    {
        lock (_lock)
        {
            if (id is not null && _runs.FirstOrDefault(run => run.Id == id) is { } known)
            {
                return known;
            }

            if (_runs.Count(static run => run.State == RunState.Running) >= MostUnderWay)
            {
                return null;
            }

            var run = new Run(id ?? Guid.NewGuid().ToString("N"), subject, time.GetUtcNow());
            _runs.AddFirst(run);
            for (var last = _runs.Last; last is not null && _runs.Count > MostKept;)
            {
                var (oldest, before) = (last, last.Previous);
                if (oldest.Value.State != RunState.Running)
                {
                    _runs.Remove(oldest);
                }

                last = before;
            }

            run.Ended = Task.Run(() => RunAsync(run, act), CancellationToken.None);
            return run;
        }
    }

    private async Task RunAsync(Run run, Func<IProgress<long>, CancellationToken, Task<PurgeOutcome>> act)
    {
        var state = RunState.Incomplete;
        try
        {
            var outcome = await act(run, lifetime.ApplicationStopping);
            run.Report(outcome.Resources);
            state = outcome.IsComplete ? RunState.Done : RunState.Incomplete;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // What was purged stays so.
            state = RunState.Cancelled;
        }
        catch (Exception exception)
        {
            // A defect of ours: the run says that it is not complete, and the program goes on.
            logger.AdministrationFailed(exception, HttpMethods.Post, run.Subject.ToString());
        }

        run.End(state, time.GetUtcNow());
        if (state == RunState.Done)
        {
            logger.RunEnded(run.Id, run.Subject.ToString(), run.Resources);
        }
        else
        {
            logger.RunNotComplete(run.Id, run.Subject.ToString(), Run.Word(state), run.Resources);
        }
    }
}
