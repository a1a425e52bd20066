namespace CacheProxy.IntegrationTests.Harness;

/// <summary>A point that others stop at until the test lets them go on.</summary>
internal sealed class Gate
{
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _arrivals = new(0);

    /// <summary>Arrives, and waits until the gate is open.</summary>
    public Task PassAsync()
    {
        _arrivals.Release();
        return _open.Task.WaitAsync(HangLimit);
    }

    /// <summary>Waits until one more has arrived.</summary>
    public async Task ReachedAsync()
    {
        if (!await _arrivals.WaitAsync(HangLimit))
        {
            throw new TimeoutException("Nobody came to the gate.");
        }
    }

    public void Open() => _open.TrySetResult();
}
