using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// Evictions that the store does not have yet. Until it has them, or nothing that it holds can be so old, this process forwards every
/// read of their keys. Bounded: of those that find no room the keys are unknown, so that any entry from before may be one that they evict.
/// Then every read is forwarded until no fill from before can be stored any more, and what was stored until then is never served again.
/// </summary>
internal sealed class PendingEvictions(TimeProvider time, ILogger<PendingEvictions> logger, int capacity = PendingEvictions.Capacity, ICacheStore? store = null)
{
    /// <summary>Most keys remembered.</summary>
    public const int Capacity = 65_536;

    // Clocks of the store's nodes may differ a little, and a lease is measured by one of them.
    private static readonly TimeSpan LongestFill = FillLease.DefaultDuration + TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceKey, PendingEviction> _pending = [];
    private TaskCompletionSource _any = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _overflowExpiresTimestamp;
    private long _trustedFromMs;
    private volatile bool _isIdle = true;

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
            return _overflowExpiresTimestamp != 0 || _pending.ContainsKey(key);
        }
    }

    /// <summary>Whether an entry may be one that an eviction without room would have removed.</summary>
    /// <param name="responseTimeMs">When it was stored, on the store's clock.</param>
    public bool MayConcern(long responseTimeMs) => responseTimeMs < Volatile.Read(ref _trustedFromMs);

    /// <summary>A write goes to the API without its fence.</summary>
    public void BeginUnfenced(ResourceKey key)
    {
        lock (_lock)
        {
            if (Remember(key) is { } eviction)
            {
                eviction.WritesUnderWay++;
            }
        }
    }

    /// <summary>
    /// A write that had no fence is over; its eviction is due <paramref name="delay"/> from now: later than at once where its outcome is unknown.
    /// </summary>
    public void EndUnfenced(ResourceKey key, string token, TimeSpan delay, bool hasDependents = false)
    {
        lock (_lock)
        {
            if (Remember(key, delay) is { } eviction)
            {
                eviction.WritesUnderWay = Math.Max(0, eviction.WritesUnderWay - 1);
                eviction.HasDependents |= hasDependents;
                Schedule(eviction, token, delay);
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
                && eviction.IsDelivered)
            {
                Remove(key);
            }
        }
    }

    /// <summary>
    /// A write that had a fence is over, but the store may not know; its eviction is due <paramref name="delay"/> from now. Where the
    /// outcome is unknown, that is the fence's deadline: an earlier eviction would take the fence away.
    /// </summary>
    public void Add(ResourceKey key, string token, TimeSpan delay = default, bool hasDependents = false)
    {
        lock (_lock)
        {
            if (Remember(key, delay) is { } eviction)
            {
                eviction.HasDependents |= hasDependents;
                Schedule(eviction, token, delay);
            }
        }
    }

    /// <summary>Completes when something is pending.</summary>
    public Task WaitAsync()
    {
        lock (_lock)
        {
            return _any.Task;
        }
    }

    /// <summary>What is to be tried now; what has expired is dropped.</summary>
    public List<DueEviction> Due()
    {
        var now = time.GetTimestamp();
        var due = new List<DueEviction>();
        lock (_lock)
        {
            var expired = new List<ResourceKey>();
            foreach (var (key, eviction) in _pending)
            {
                if (eviction.WritesUnderWay > 0)
                {
                    continue;
                }

                if (eviction.ExpiresTimestamp <= now)
                {
                    expired.Add(key);
                }
                else if (eviction.DueTimestamp <= now)
                {
                    due.Add(new DueEviction(key, eviction.Token, eviction.Generation, eviction.HasDependents));
                }
                else if (eviction.UnknownDueTimestamp <= now)
                {
                    due.Add(new DueEviction(key, eviction.UnknownToken, eviction.Generation, eviction.HasDependents));
                }
            }

            foreach (var key in expired)
            {
                Remove(key);
            }

            if (_overflowExpiresTimestamp != 0 && _overflowExpiresTimestamp <= now)
            {
                _overflowExpiresTimestamp = 0;
                RestIfEmpty();
            }
        }

        return due;
    }

    /// <summary>The store has it. One that a later write has made due again stays.</summary>
    public void Complete(in DueEviction due)
    {
        lock (_lock)
        {
            if (_pending.TryGetValue(due.Key, out var eviction) && eviction.Generation == due.Generation)
            {
                eviction.Complete(due.Token);
                if (eviction.IsDelivered)
                {
                    Remove(due.Key);
                }
            }
        }
    }

    private PendingEviction? Remember(ResourceKey key, TimeSpan delay = default)
    {
        if (!_pending.TryGetValue(key, out var eviction))
        {
            if (_pending.Count >= capacity)
            {
                if (_overflowExpiresTimestamp == 0)
                {
                    Log.Full(logger, capacity);
                    _isIdle = false;
                }

                var left = delay + LongestFill;
                _overflowExpiresTimestamp = Math.Max(_overflowExpiresTimestamp, After(left));
                Volatile.Write(ref _trustedFromMs, Math.Max(_trustedFromMs, (store?.NowMs ?? 0) + (long)left.TotalMilliseconds));
                return null;
            }

            if (_pending.Count == 0)
            {
                Log.Pending(logger);
            }

            eviction = new PendingEviction();
            _pending.Add(key, eviction);
            _isIdle = false;
            _any.TrySetResult();
        }

        eviction.Generation++;
        eviction.ExpiresTimestamp = After(StoredResponse.MaxRetention);
        return eviction;
    }

    private void Schedule(PendingEviction eviction, string token, TimeSpan delay)
    {
        if (delay == TimeSpan.Zero)
        {
            eviction.Token = token;
            eviction.DueTimestamp = After(delay);
        }
        else
        {
            eviction.UnknownToken = token;
            eviction.UnknownDueTimestamp = Math.Max(eviction.UnknownDueTimestamp ?? 0, After(delay));
        }
    }

    private void Remove(ResourceKey key)
    {
        _pending.Remove(key);
        RestIfEmpty();
    }

    private void RestIfEmpty()
    {
        if (_pending.Count == 0 && _overflowExpiresTimestamp == 0)
        {
            _isIdle = true;
            _any = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Log.Drained(logger);
        }
    }

    private long After(TimeSpan delay) => time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);

    private sealed class PendingEviction
    {
        /// <summary>Writes that are still with the API. While there is one, an eviction would come too early.</summary>
        public int WritesUnderWay { get; set; }

        public bool HasDependents { get; set; }

        /// <summary>Counts the writes, so that an eviction under way is not taken for one that came after the next write.</summary>
        public int Generation { get; set; }

        /// <summary>From this timestamp on it is tried; <c>null</c> while no write has ended of which it is known what it did.</summary>
        public long? DueTimestamp { get; set; }

        /// <summary>The write that made it due.</summary>
        public string Token { get; set; } = "";

        /// <summary>
        /// Before this timestamp the API may still be busy with a write that nobody waits for, and the fence of <see cref="UnknownToken"/>
        /// must stand; <c>null</c> without such a write.
        /// </summary>
        public long? UnknownDueTimestamp { get; set; }

        /// <summary>The latest write that nobody waits for.</summary>
        public string UnknownToken { get; set; } = "";

        public bool IsDelivered => DueTimestamp is null && UnknownDueTimestamp is null;

        /// <summary>From this timestamp on, whatever the store held has expired by itself.</summary>
        public long ExpiresTimestamp { get; set; }

        public void Complete(string token)
        {
            if (DueTimestamp is not null && token == Token)
            {
                DueTimestamp = null;
            }
            else
            {
                UnknownDueTimestamp = null;
            }
        }
    }
}

/// <summary>An eviction to be tried.</summary>
/// <param name="Key">The resource.</param>
/// <param name="Token">The latest write that changed it.</param>
/// <param name="Generation">Tells it from a later eviction of the same key.</param>
/// <param name="HasDependents">Whether what contains the resource is to be evicted with it.</param>
internal readonly record struct DueEviction(ResourceKey Key, string Token, int Generation, bool HasDependents = false);
