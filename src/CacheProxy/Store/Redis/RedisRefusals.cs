
namespace CacheProxy.Store.Redis;

/// <summary>Tells the operator of error replies that leave Redis as a whole available: each kind at most once a minute.</summary>
internal sealed class RedisRefusals(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<RedisFailure, long> _told = [];

    public void Tell(RedisFailure failure)
    {
        if (failure is not (RedisFailure.Full or RedisFailure.ForeignKey or RedisFailure.Refused))
        {
            return;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (_told.TryGetValue(failure, out var last) && time.GetElapsedTime(last, now) < Pause)
            {
                return;
            }

            _told[failure] = now;
        }

        logger.RedisRefuses(failure);
    }
}
