namespace CacheProxy.Tests.Harness;

/// <summary>A clock that moves only when a test moves it; timers that are due by then fire.</summary>
internal sealed class SteppedTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How long until the next timer fires; null when nobody waits.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count == 0 ? null : TimeSpan.FromTicks(_timers.Min(static timer => timer.DueTicks) - _ticks);
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2025, 11, 24, 4, 0, 0, TimeSpan.Zero).AddTicks(GetTimestamp());

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void Advance(TimeSpan time)
    {
        Timer[] due;
        lock (_lock)
        {
            _ticks += time.Ticks;
            due = [.. _timers.Where(timer => timer.DueTicks <= _ticks)];
            _timers.RemoveAll(timer => timer.DueTicks <= _ticks);
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Fires once; nobody here needs a period.</summary>
    private sealed class Timer(SteppedTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public long DueTicks { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    DueTicks = clock._ticks + dueTime.Ticks;
                    clock._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Stop();

        public ValueTask DisposeAsync()
        {
            Stop();
            return default;
        }

        private void Stop()
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
            }
        }
    }
}
