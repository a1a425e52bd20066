namespace CacheProxy.Stores.Redis;

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

    /// <param name="opened">Told of every change from closed to open, outside any lock.</param>
    public RedisBreaker(Action<RedisFailure> opened) => _opened = opened;

    public bool IsClosed => _closed;

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
            if (!_closed || (failure == RedisFailure.TimedOut && ++_timeouts < MostTimeouts))
            {
                return;
            }

            _closed = false;
            _timeouts = 0;
        }

        _opened(failure);
    }

    public void Close()
    {
        lock (_lock)
        {
            _timeouts = 0;
            _closed = true;
        }
    }
}
