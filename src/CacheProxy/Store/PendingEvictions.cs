using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// Evictions that the store could not take: retried until it has them, or until nothing stored can have lived so long. Meanwhile this
/// process forwards every read of their keys. Bounded: when full, it forwards every read until drained and until the evictions that
/// found no room are moot.
/// </summary>
internal sealed class PendingEvictions : IAsyncDisposable
{
    /// <summary>Most keys remembered.</summary>
    public const int Capacity = 65_536;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AttemptPatience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceKey, PendingEviction> _pending = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ICacheStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger<PendingEvictions> _logger;
    private readonly int _capacity;
    private Task _draining = Task.CompletedTask;
    private bool _isDraining;
    private long _overflowMootTimestamp;
    private volatile bool _isIdle = true;

    public PendingEvictions(ICacheStore store, TimeProvider time, ILogger<PendingEvictions> logger, int capacity = Capacity)
    {
        _store = store;
        _time = time;
        _logger = logger;
        _capacity = capacity;
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Whether a read of the key must go to the API.</summary>
    public bool MustForward(ResourceKey key)
    {
        if (_isIdle)
        {
            return false;
        }

        lock (_lock)
        {
            return _overflowMootTimestamp != 0 || _pending.ContainsKey(key);
        }
    }

    /// <summary>A write goes to the API without its fence.</summary>
    public void BeginUnfenced(ResourceKey key, string token)
    {
        lock (_lock)
        {
            if (Remember(key, token) is { } eviction)
            {
                eviction.WritesUnderWay++;
            }
        }
    }

    /// <summary>A write that had no fence is over; its eviction is due, <paramref name="delay"/> from now.</summary>
    public void EndUnfenced(ResourceKey key, string token, TimeSpan delay)
    {
        lock (_lock)
        {
            if (Remember(key, token) is { } eviction)
            {
                eviction.WritesUnderWay = Math.Max(0, eviction.WritesUnderWay - 1);
                Schedule(eviction, delay);
            }
        }
    }

    /// <summary>A write that had no fence has changed nothing, or the store has its eviction by now.</summary>
    public void Forget(ResourceKey key)
    {
        lock (_lock)
        {
            if (_pending.TryGetValue(key, out var eviction)
                && (eviction.WritesUnderWay = Math.Max(0, eviction.WritesUnderWay - 1)) == 0
                && eviction.DueTimestamp is null)
            {
                Remove(key);
            }
        }
    }

    /// <summary>The fence was set, but its end did not reach the store: the eviction is due at once.</summary>
    public void Add(ResourceKey key, string token)
    {
        lock (_lock)
        {
            if (Remember(key, token) is { } eviction)
            {
                Schedule(eviction, TimeSpan.Zero);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _draining;
        await DrainOnceAsync();
        if (Count > 0)
        {
            Log.StoppedWithPending(_logger, Count);
        }

        _stopping.Dispose();
    }

    private PendingEviction? Remember(ResourceKey key, string token)
    {
        var moot = After(StoredResponse.LongestKeep);
        if (!_pending.TryGetValue(key, out var eviction))
        {
            if (_pending.Count >= _capacity)
            {
                if (_overflowMootTimestamp == 0)
                {
                    Log.Full(_logger, _capacity);
                }

                _overflowMootTimestamp = moot;
                return null;
            }

            if (_pending.Count == 0)
            {
                Log.Pending(_logger);
            }

            eviction = new PendingEviction();
            _pending.Add(key, eviction);
            _isIdle = false;
            StartDraining();
        }

        eviction.Token = token;
        eviction.Generation++;
        eviction.MootTimestamp = moot;
        return eviction;
    }

    private void Schedule(PendingEviction eviction, TimeSpan delay) =>
        eviction.DueTimestamp = Math.Max(eviction.DueTimestamp ?? 0, After(delay));

    private void Remove(ResourceKey key)
    {
        _pending.Remove(key);
        if (_pending.Count == 0 && _overflowMootTimestamp == 0)
        {
            _isIdle = true;
            Log.Drained(_logger);
        }
    }

    private void StartDraining()
    {
        if (!_isDraining && !_stopping.IsCancellationRequested)
        {
            _isDraining = true;
            _draining = Task.Run(DrainAsync);
        }
    }

    private async Task DrainAsync()
    {
        var delay = FirstDelay;
        while (true)
        {
            try
            {
                await Task.Delay(delay, _time, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // The process stops; disposal makes the last attempt.
                return;
            }

            var reached = await DrainOnceAsync();
            delay = reached ? FirstDelay : delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            if (EndIfEmpty())
            {
                return;
            }
        }
    }

    private async Task<bool> DrainOnceAsync()
    {
        var reached = true;
        foreach (var (key, token, generation) in Due())
        {
            var outcome = await _store.EndWriteAsync(key, token, WriteResult.Changed, new StorePatience(AttemptPatience));
            if (outcome == StoreOutcome.Unavailable)
            {
                if (!_store.IsAvailable)
                {
                    return false;
                }

                // One node of several is gone, or one key is refused: the others do not wait for it.
                reached = false;
                continue;
            }

            lock (_lock)
            {
                if (_pending.TryGetValue(key, out var eviction) && eviction.Generation == generation)
                {
                    Remove(key);
                }
            }
        }

        return reached;
    }

    private List<(ResourceKey Key, string Token, int Generation)> Due()
    {
        var now = _time.GetTimestamp();
        var due = new List<(ResourceKey, string, int)>();
        lock (_lock)
        {
            var moot = new List<ResourceKey>();
            foreach (var (key, eviction) in _pending)
            {
                if (eviction.WritesUnderWay > 0)
                {
                    continue;
                }

                if (eviction.MootTimestamp <= now)
                {
                    moot.Add(key);
                }
                else if (eviction.DueTimestamp <= now)
                {
                    due.Add((key, eviction.Token, eviction.Generation));
                }
            }

            foreach (var key in moot)
            {
                Remove(key);
            }

            if (_overflowMootTimestamp != 0 && _overflowMootTimestamp <= now)
            {
                _overflowMootTimestamp = 0;
            }
        }

        return due;
    }

    private bool EndIfEmpty()
    {
        lock (_lock)
        {
            if (_pending.Count > 0 || _overflowMootTimestamp != 0)
            {
                return false;
            }

            _isIdle = true;
            _isDraining = false;
            return true;
        }
    }

    private long After(TimeSpan delay) => _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
}
