namespace CacheProxy.Store;

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
