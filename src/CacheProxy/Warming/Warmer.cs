using System.Collections.Concurrent;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Store;

namespace CacheProxy.Warming;

/// <summary>
/// Shares what this replica has learned of hot resources, notices when the store has lost them, and then, at the start and on demand has
/// them fetched. One replica at a time warms a policy. Nothing waits for it.
/// </summary>
internal sealed class Warmer(
    ConfigurationReloader configuration,
    ICacheStore store,
    HotResources hot,
    WarmFetch fetch,
    WarmMetrics metrics,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<Warmer> logger) : BackgroundService
{
    private const int TicksPerShare = 5;
    private const int TicksPerDecay = 60;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    // By half in an hour, as in Redis.
    private static readonly double DecayFactor = Math.Pow(2, -1.0 / 60);

    private readonly ConcurrentDictionary<string, PolicyWarming> _policies = new(StringComparer.OrdinalIgnoreCase);
    private volatile TaskCompletionSource _changed = NewChange();

    /// <summary>Warms a policy, or all that are warmed, as soon as this replica leads. Returns which, and at once.</summary>
    public IReadOnlyList<string> Demand(string? policy = null)
    {
        var demanded = Warmed().Where(one => policy is null || one.Name.Equals(policy, StringComparison.OrdinalIgnoreCase)).ToArray();
        foreach (var one in demanded)
        {
            WarmingOf(one).Want(WarmReason.Demand);
        }

        return [.. demanded.Select(static one => one.Name)];
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(Warmed().Select(policy => WarmingOf(policy).EndAsync(policy)));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        configuration.Changed += OnChanged;
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            await StartedAsync(stoppingToken);
            for (var ticks = 1L; ; ticks++)
            {
                var changed = _changed.Task;
                if (Warmed().Length == 0)
                {
                    await changed.WaitAsync(stoppingToken);
                }

                await TickAsync(ticks, stoppingToken);
                await timer.WaitForNextTickAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
        finally
        {
            configuration.Changed -= OnChanged;
        }
    }

    private async Task TickAsync(long ticks, CancellationToken stopping)
    {
        foreach (var policy in Warmed())
        {
            try
            {
                var warming = WarmingOf(policy);
                if (ticks % TicksPerDecay == 0)
                {
                    warming.Table.Decay(DecayFactor);
                }

                await warming.WatchAsync(policy, shares: ticks % TicksPerShare == 0);
                warming.BeginIfWanted(policy, configuration.Current.Options.Warm, stopping);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // A defect of ours: clients are served all the same, and the next tick tries again.
                logger.WarmingFailed(exception);
            }
        }
    }

    // Clients come first: nothing is fetched before the listeners are open.
    private async Task StartedAsync(CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stopping);
    }

    private CachePolicyOptions[] Warmed() =>
        [.. configuration.Current.Options.Policies.Where(static policy => policy is { Warm.Top: > 0, Mode: not CacheMode.Off })];

    private PolicyWarming WarmingOf(CachePolicyOptions policy) => _policies.GetOrAdd(
        policy.Name,
        _ => new PolicyWarming(
            HotKeys.Of(configuration.Current.Options.Redis.KeyPrefix, policy.Name), hot.TableOf(policy), store, fetch.FetchAsync, metrics, time, logger));

    private void OnChanged(ConfigurationSnapshot snapshot) => Interlocked.Exchange(ref _changed, NewChange()).TrySetResult();

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
