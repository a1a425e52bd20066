using CacheProxy.Store;

namespace CacheProxy.Hosting;

/// <summary>
/// Reaches the store before the listeners open: other replicas go on serving from it, and a write that came in before would have to go
/// through without its fence. A store that is not there is waited for no longer than it takes to know.
/// </summary>
internal sealed class StoreStart(ICacheStore store, TimeProvider time) : IHostedLifecycleService
{
    // What it takes to be sure of a primary that may change, and to connect.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.FirstContact.WaitAsync(Longest, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Requests are forwarded until it answers.
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
