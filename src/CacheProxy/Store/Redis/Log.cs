namespace CacheProxy.Store.Redis;

/// <summary>Changes of state, never a line per request. Event ids 3000 to 3149.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "Redis is available", EventName = nameof(RedisAvailable))]
    public static partial void RedisAvailable(this ILogger logger);

    [LoggerMessage(3001, LogLevel.Warning, "Redis is unavailable: {Failure} at {Endpoint}; requests are forwarded until it answers. {Advice}", EventName = nameof(RedisUnavailable))]
    public static partial void RedisUnavailable(this ILogger logger, RedisFailure failure, string endpoint, string advice);

    [LoggerMessage(3002, LogLevel.Warning, "Redis rejects commands: {Failure} at {Endpoint}; their requests are forwarded (reported at most once a minute). {Advice}", EventName = nameof(RedisRefuses))]
    public static partial void RedisRefuses(this ILogger logger, RedisFailure failure, string endpoint, string advice);

    [LoggerMessage(3003, LogLevel.Warning, "Redis does not answer; its connection is replaced by a new one", EventName = nameof(RedisConnectionReplaced))]
    public static partial void RedisConnectionReplaced(this ILogger logger);

    [LoggerMessage(3004, LogLevel.Warning, "What is stored in Redis cannot be read; it counts as absent, and the next fill overwrites it (reported at most once a minute)", EventName = nameof(RedisEntryUnreadable))]
    public static partial void RedisEntryUnreadable(this ILogger logger);

    [LoggerMessage(3005, LogLevel.Error, "The watch over Redis failed unexpectedly; it goes on", EventName = nameof(RedisWatchFailed))]
    public static partial void RedisWatchFailed(this ILogger logger, Exception exception);

    [LoggerMessage(3006, LogLevel.Error, "A step on Redis failed unexpectedly; its request is forwarded (reported at most once a minute)", EventName = nameof(RedisStepFailed))]
    public static partial void RedisStepFailed(this ILogger logger, Exception exception);

    [LoggerMessage(3007, LogLevel.Warning, "Redis stays unavailable: {Failure} at {Endpoint}. {Advice}", EventName = nameof(RedisStaysUnavailable))]
    public static partial void RedisStaysUnavailable(this ILogger logger, RedisFailure failure, string endpoint, string advice);

    [LoggerMessage(3008, LogLevel.Warning, "Redis does not show its replication id (INFO replication): after a failover or a restart, evicted entries may be served until they expire", EventName = nameof(RedisHidesReplicationId))]
    public static partial void RedisHidesReplicationId(this ILogger logger);

    [LoggerMessage(3009, LogLevel.Warning, "The list of hot resources in Redis cannot be used: {Failure}; this replica warms by what it has learned itself (reported at most once a minute)", EventName = nameof(RedisHotListFailed))]
    public static partial void RedisHotListFailed(this ILogger logger, RedisFailure failure);

    [LoggerMessage(3010, LogLevel.Warning, "What is stored in Redis is encrypted under a key that is in none of CacheProxy:Encryption:KeyFiles; it counts as absent, and the next fill overwrites it (reported at most once a minute)", EventName = nameof(RedisEntryOfUnknownKey))]
    public static partial void RedisEntryOfUnknownKey(this ILogger logger);

    [LoggerMessage(3100, LogLevel.Warning, "Redis does not let replicas tell each other of what they hold: grant subscribe, unsubscribe and publish on the channels PREFIXcacheproxy:replica:*; until then no copies are held, and every hit asks Redis", EventName = nameof(ReplicaChannelDenied))]
    public static partial void ReplicaChannelDenied(this ILogger logger);

    [LoggerMessage(3101, LogLevel.Warning, "What this replica publishes in Redis does not come back to it; until it does, it holds no copies, and every hit asks Redis", EventName = nameof(ReplicaChannelSilent))]
    public static partial void ReplicaChannelSilent(this ILogger logger);

    [LoggerMessage(3102, LogLevel.Information, "Replicas tell each other again of what they hold", EventName = nameof(ReplicaChannelBack))]
    public static partial void ReplicaChannelBack(this ILogger logger);

    [LoggerMessage(3104, LogLevel.Warning, "Redis drops keys when its memory is full (maxmemory-policy is not noeviction), and with them what replicas hold: a read may then return what a write has replaced, for MemoryTtl at most", EventName = nameof(HeldKeysMayBeDropped))]
    public static partial void HeldKeysMayBeDropped(this ILogger logger);

    [LoggerMessage(3103, LogLevel.Error, "A message of another replica failed unexpectedly; it counts as lost", EventName = nameof(ReplicaMessageFailed))]
    public static partial void ReplicaMessageFailed(this ILogger logger, Exception exception);
}
