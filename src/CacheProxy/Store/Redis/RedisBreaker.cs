namespace CacheProxy.Store.Redis;

/// <summary>
/// Keeps requests away from a Redis that does not answer. While it is closed, steps go to Redis; while it is open, every step is
/// <c>Unavailable</c> at once. Only a probe closes it, never a request. It begins open, because nothing is known about Redis yet.
/// </summary>
internal sealed class RedisBreaker
{
    private const int MaxTimeouts = 3;

    private readonly Lock _lock = new();
    private readonly Action<RedisFailure> _opened;
    private volatile bool _closed;
    private volatile int _timeouts;
    private volatile int _breaks;

    /// <param name="opened">Called at every change from closed to open, outside any lock.</param>
    public RedisBreaker(Action<RedisFailure> opened) => _opened = opened;

    public bool IsClosed => _closed;

    /// <summary>Counts failures other than timeouts. If it grew during a probe, the probe may have asked a Redis that has been replaced since.</summary>
    public int Breaks => _breaks;

    public void Succeeded()
    {
        if (_timeouts != 0)
        {
            _timeouts = 0;
        }
    }

    /// <summary>A step failed in a way that concerns Redis as a whole.</summary>
    public void Failed(RedisFailure failure)
    {
        lock (_lock)
        {
            _breaks += failure == RedisFailure.TimedOut ? 0 : 1;
            if (!_closed || (failure == RedisFailure.TimedOut && ++_timeouts < MaxTimeouts))
            {
                return;
            }

            _closed = false;
            _timeouts = 0;
        }

        _opened(failure);
    }

    /// <param name="breaks"><see cref="Breaks"/> before the probe. If it has grown since, the breaker stays open and the result is false.</param>
    public bool TryClose(int breaks)
    {
        lock (_lock)
        {
            if (_breaks != breaks)
            {
                return false;
            }

            _timeouts = 0;
            _closed = true;
            return true;
        }
    }
}
