using System.Collections.Concurrent;

namespace CacheProxy.Store;

/// <summary>
/// Retries pending evictions until the store has them, and once more when the process stops. Each node of the store is told of its keys by
/// itself, many at a time, so that one that hangs holds up only its own. What the store has stays pending until no other replica serves it:
/// a strict write goes by that.
/// </summary>
internal sealed class EvictionRetries(
    PendingEvictions pending, ICacheStore store, ResourceCache cache, TimeProvider time, ILogger<EvictionRetries> logger) : BackgroundService
{
    // Enough that Redis and not the way to it sets the pace; few enough that a request's own step waits for no more than a millisecond or two.
    private const int AtATime = 64;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, Node> _nodes = [];

    // What the store has, and holders have not confirmed.
    private readonly ConcurrentDictionary<DueEviction, bool> _delivered = new();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_nodes.Values.Select(static node => node.Drain));
        StartDrains();
        await Task.WhenAll(_nodes.Values.Select(static node => node.Drain));
        // Holders that have not answered serve nothing longer than their leases stand: nobody waits for them any more.
        var left = pending.Count - _delivered.Count;
        if (left > 0)
        {
            Log.StoppedWithPending(logger, left);
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

    /// <summary>False when a node could not take what was due. One that could not the last time is tried, but not waited for.</summary>
    private async Task<bool> TryDueAsync()
    {
        StartDrains();
        foreach (var node in _nodes.Values)
        {
            if (!node.HasFailed)
            {
                await node.Drain;
            }
        }

        return _nodes.Values.All(static node => !node.HasFailed);
    }

    private void StartDrains()
    {
        foreach (var node in _nodes.Values)
        {
            node.BeginPass();
        }

        foreach (var due in pending.Due())
        {
            if (_delivered.ContainsKey(due))
            {
                continue;
            }

            var number = store.NodeOf(due.Key);
            if (!_nodes.TryGetValue(number, out var node))
            {
                node = new Node();
                node.BeginPass();
                _nodes.Add(number, node);
            }

            node.Add(due);
        }

        foreach (var node in _nodes.Values)
        {
            node.Start(this);
        }
    }

    private async Task<bool> TryAsync(DueEviction due)
    {
        var awaited = cache.Await();
        var outcome = await cache.TryEvictAsync(due.Key, due.Token, new StoreTimeoutBudget(AttemptTimeout), awaited);
        if (outcome != StoreOutcome.Done || (due.HasDependents && !await TryDependentsAsync(due, awaited)))
        {
            awaited?.Dispose();
            return false;
        }

        if (awaited is null)
        {
            pending.Complete(due);
        }
        else
        {
            // Others are not kept waiting for these holders.
            _delivered[due] = true;
            _ = CompleteAsync(due, awaited);
        }

        return true;
    }

    private async Task CompleteAsync(DueEviction due, AwaitedHolders awaited)
    {
        using (awaited)
        {
            await awaited.WaitAsync(CancellationToken.None);
        }

        pending.Complete(due);
        _delivered.TryRemove(due, out _);
    }

    /// <summary>What contains the resource: it is known only now that the index can be asked.</summary>
    private async Task<bool> TryDependentsAsync(DueEviction due, AwaitedHolders? awaited)
    {
        var ended = await store.EndWriteOnIndexAsync(
            due.Key, new IndexToken(due.Token, 0), changed: true, new StoreTimeoutBudget(AttemptTimeout));
        var all = ended.Outcome == StoreOutcome.Done;
        var token = DependentIndex.EvictionToken(due.Token);
        foreach (var some in ended.Dependents.Chunk(AtATime))
        {
            var taken = await Task.WhenAll(some.Select(
                dependent => cache.TryEvictAsync(dependent, token, new StoreTimeoutBudget(AttemptTimeout), awaited).AsTask()));
            all &= Array.TrueForAll(taken, static outcome => outcome == StoreOutcome.Done);
            if (!all)
            {
                break;
            }
        }

        return all;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>What is due on one node.</summary>
    private sealed class Node
    {
        private List<DueEviction> _due = [];
        private bool _isFree;
        private int _first;
        private volatile bool _hasFailed;

        /// <summary>Ends when the node has all, or takes nothing.</summary>
        public Task Drain { get; private set; } = Task.CompletedTask;

        /// <summary>Whether it did not take all that was due the last time.</summary>
        public bool HasFailed => _hasFailed;

        /// <summary>A node that still drains is left alone until the next pass.</summary>
        public void BeginPass()
        {
            _isFree = Drain.IsCompleted;
            if (_isFree)
            {
                _due = [];
            }
        }

        public void Add(in DueEviction due)
        {
            if (_isFree)
            {
                _due.Add(due);
            }
        }

        public void Start(EvictionRetries retries)
        {
            if (_isFree)
            {
                Drain = DrainAsync(retries);
            }
        }

        private async Task DrainAsync(EvictionRetries retries)
        {
            var failed = false;
            var attempts = new List<Task<bool>>(AtATime);
            // Where the last pass gave up, the next one begins: keys that are refused keep no others waiting.
            for (var tried = 0; tried < _due.Count; tried += attempts.Count)
            {
                attempts.Clear();
                for (var i = tried; i < _due.Count && attempts.Count < AtATime; i++)
                {
                    attempts.Add(retries.TryAsync(_due[(_first + i) % _due.Count]));
                }

                var taken = await Task.WhenAll(attempts);
                failed |= taken.Contains(false);
                if (!taken.Contains(true))
                {
                    _first = (_first + tried + attempts.Count) % _due.Count;
                    break;
                }
            }

            _hasFailed = failed;
        }
    }
}

/// <summary>What becomes of evictions that the store cannot take.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Warning, "The store cannot take evictions; they are retried, and their keys are forwarded meanwhile")]
    public static partial void Pending(ILogger logger);

    [LoggerMessage(2001, LogLevel.Information, "All pending evictions have reached the store")]
    public static partial void Drained(ILogger logger);

    [LoggerMessage(2002, LogLevel.Error, "More than {Capacity} evictions are pending; every read is forwarded until they are through")]
    public static partial void Full(ILogger logger, int capacity);

    [LoggerMessage(2003, LogLevel.Error, "Stopped with {Count} evictions pending; other replicas may serve their keys until they expire")]
    public static partial void StoppedWithPending(ILogger logger, int count);
}
