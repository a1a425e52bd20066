namespace CacheProxy.Store.Redis;

/// <summary>
/// Keeps requests away from a Redis that does not answer. Closed, steps go to Redis; open, every step is <c>Unavailable</c> at once,
/// until a probe, never a request, has closed it. It begins open: nothing is known of Redis yet.
/// </summary>
internal sealed class RedisBreaker
{
    private const int MostTimeouts = 3;

    private readonly Lock _lock = new();
    private readonly Action<RedisFailure> _opened;
    private volatile bool _closed;
    private volatile int _timeouts;
    private volatile int _breaks;

    /// <param name="opened">Told of every change from closed to open, outside any lock.</param>
    public RedisBreaker(Action<RedisFailure> opened) => _opened = opened;

    public bool IsClosed => _closed;

    /// <summary>Counts what broke; a probe during which it grew has perhaps asked a Redis that is no more.</summary>
    public int Breaks => _breaks;

    public void Succeeded()
    {
        if (_timeouts != 0)
        {
            _timeouts = 0;
        }
    }

    /// <summary>A step failed in a way that tells of Redis as a whole.</summary>
    public void Failed(RedisFailure failure)
    {
        lock (_lock)
        {
            _breaks += failure == RedisFailure.TimedOut ? 0 : 1;
            if (!_closed || (failure == RedisFailure.TimedOut && ++_timeouts < MostTimeouts))
            {
                return;
            }

            _closed = false;
            _timeouts = 0;
        }

        _opened(failure);
    }

    /// <param name="breaks">Those before the probe. When there were more since, it stays open, and the result is false.</param>
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
